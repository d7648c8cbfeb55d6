//! Small values in database columns: AES-256-GCM with a random 96-bit nonce, bound to their place by the context.
//!
//! Layout: format (1 byte), key version (4, big endian), nonce (12), ciphertext, tag (16).

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::{OrgKeys, SealContext, SealError, TAG};

/// Format version of a sealed row.
const ROW: u8 = 1;

/// The bytes sealed under the organization's current key; they open for the same context only.
pub fn seal_row(keys: &OrgKeys, context: &SealContext, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let key = keys.current();
    let [a, b, c, d] = key.version().to_be_bytes();
    seal(key.rows(), &[ROW, a, b, c, d], context, plain)
}

/// The bytes that [`seal_row`] sealed for this context, under whichever key was current then.
pub fn open_row(keys: &OrgKeys, context: &SealContext, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let Some((&[ROW, a, b, c, d], _)) = sealed.split_first_chunk() else {
        return Err(SealError::Format);
    };
    let key = keys.version(u32::from_be_bytes([a, b, c, d]))?;
    open(key.rows(), &[ROW, a, b, c, d], context, sealed)
}

pub(super) fn seal(key: &RandomizedNonceKey, header: &[u8], context: &SealContext, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let start = header.len() + NONCE_LEN;
    let mut sealed = Vec::with_capacity(start + plain.len() + TAG);
    sealed.extend_from_slice(header);
    sealed.extend_from_slice(&[0; NONCE_LEN]);
    sealed.extend_from_slice(plain);
    let (nonce, tag) = key.seal_in_place_separate_tag(associated(header, context), &mut sealed[start..]).map_err(|_| SealError::Random)?;
    sealed[header.len()..start].copy_from_slice(nonce.as_ref());
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

pub(super) fn open(key: &RandomizedNonceKey, header: &[u8], context: &SealContext, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let body = sealed.strip_prefix(header).ok_or(SealError::Format)?;
    let (nonce, body) = body.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Format)?;
    let mut plain = body.to_vec();
    let len = key.open_in_place(Nonce::from(nonce), associated(header, context), &mut plain).map_err(|_| SealError::Altered)?.len();
    plain.truncate(len);
    Ok(plain)
}

fn associated(header: &[u8], context: &SealContext) -> Aad<Vec<u8>> {
    Aad::from([header, context.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::super::OrgKey;
    use super::*;

    fn keys() -> OrgKeys {
        OrgKeys::new(OrgKey::generate(1).unwrap(), vec![])
    }

    fn context() -> SealContext {
        SealContext::new("run").with(b"run 1").with(b"branch")
    }

    #[test]
    fn a_row_comes_back() {
        let keys = keys();
        for plain in [&b""[..], b"main", &[7; 5000]] {
            let sealed = seal_row(&keys, &context(), plain).unwrap();
            assert_eq!(open_row(&keys, &context(), &sealed).unwrap(), plain);
        }
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        let keys = keys();
        assert_ne!(seal_row(&keys, &context(), b"main").unwrap(), seal_row(&keys, &context(), b"main").unwrap());
    }

    #[test]
    fn a_row_opens_in_its_own_place_only() {
        let keys = keys();
        let sealed = seal_row(&keys, &context(), b"main").unwrap();
        let elsewhere = SealContext::new("run").with(b"run 2").with(b"branch");
        assert_eq!(open_row(&keys, &elsewhere, &sealed), Err(SealError::Altered));
        let other_org = self::keys();
        assert_eq!(open_row(&other_org, &context(), &sealed), Err(SealError::Altered));
    }

    #[test]
    fn a_row_outlives_a_key_rotation() {
        let keys = keys();
        let sealed = seal_row(&keys, &context(), b"main").unwrap();
        let keys = keys.rotate(OrgKey::generate(2).unwrap());
        assert_eq!(open_row(&keys, &context(), &sealed).unwrap(), b"main");
        let without = OrgKeys::new(OrgKey::generate(2).unwrap(), vec![]);
        assert_eq!(open_row(&without, &context(), &sealed), Err(SealError::UnknownKey(1)));
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_seen() {
        let keys = OrgKeys::new(OrgKey::generate(1).unwrap(), vec![OrgKey::generate(0).unwrap()]);
        let sealed = seal_row(&keys, &context(), b"main").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open_row(&keys, &context(), &changed).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(open_row(&keys, &context(), &sealed[..len]).is_err(), "length {len}");
        }
    }
}
