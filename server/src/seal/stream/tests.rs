//! Round trips of the artifact format, and every way that was thought of to pass off other bytes as an artifact.

use proptest::prelude::*;

use super::*;

const SIZES: [usize; 8] = [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 2 * FRAME + 5, 3 * FRAME];

fn keys() -> OrgKeys {
    OrgKeys::new(OrgKey::generate(7).unwrap(), vec![])
}

fn context() -> SealContext {
    place(["org", "workspace", "shared", "hash"])
}

fn place(parts: [&str; 4]) -> SealContext {
    parts.iter().fold(SealContext::new("artifact"), |context, part| context.with(part.as_bytes()))
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

/// Plain bytes laid out as frames with room for the tags.
fn laid_out(plain: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for frame in plain.chunks(FRAME) {
        block.extend_from_slice(frame);
        block.extend_from_slice(&[0; TAG]);
    }
    if plain.is_empty() { vec![0; TAG] } else { block }
}

/// Seals with at most `step` frames a call.
fn seal_in_steps(keys: &OrgKeys, context: &SealContext, plain: &[u8], step: usize) -> Vec<u8> {
    let mut sealer = Sealer::new(keys, context).unwrap();
    let mut artifact = sealer.header().to_vec();
    let mut block = laid_out(plain);
    let mut rest = &mut block[..];
    while rest.len() > step * SEALED_FRAME {
        let (now, later) = rest.split_at_mut(step * SEALED_FRAME);
        sealer.seal(now).unwrap();
        artifact.extend_from_slice(now);
        rest = later;
    }
    sealer.finish(rest).unwrap();
    artifact.extend_from_slice(rest);
    artifact
}

fn seal(keys: &OrgKeys, plain: &[u8]) -> Vec<u8> {
    seal_in_steps(keys, &context(), plain, 1000)
}

/// Opens with at most `step` frames a call.
fn open_in_steps(keys: &OrgKeys, context: &SealContext, sealed: &[u8], step: usize) -> Result<Vec<u8>, SealError> {
    let (header, body) = sealed.split_first_chunk::<HEADER>().ok_or(SealError::Format)?;
    let mut opener = Opener::new(keys, context, header, sealed.len() as u64)?;
    let mut plain = Vec::new();
    for block in body.chunks(step * SEALED_FRAME) {
        let mut block = block.to_vec();
        opener.open(&mut block)?;
        plain.extend(frames(&block).flatten());
    }
    assert_eq!(opener.remaining(), 0);
    Ok(plain)
}

fn open(keys: &OrgKeys, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    open_in_steps(keys, &context(), sealed, 1000)
}

#[test]
fn what_was_sealed_comes_back() {
    let keys = keys();
    for size in SIZES {
        let plain = content(size);
        let sealed = seal(&keys, &plain);
        assert_eq!(sealed.len() as u64, sealed_len(size as u64));
        assert_eq!(open(&keys, &sealed).unwrap(), plain, "{size} bytes");
    }
}

#[test]
fn nothing_of_the_content_is_stored_in_clear() {
    let plain = content(3 * FRAME);
    let sealed = seal(&keys(), &plain);
    assert!(!sealed.windows(16).any(|part| part == &plain[..16]));
}

#[test]
fn the_same_content_never_looks_the_same() {
    let keys = keys();
    assert_ne!(seal(&keys, b"same")[HEADER..], seal(&keys, b"same")[HEADER..]);
}

#[test]
fn lengths_agree_in_both_directions() {
    for plain in SIZES.map(|size| size as u64).into_iter().chain([10 << 20, 2 << 30, u64::MAX >> 8]) {
        assert_eq!(plain_len(sealed_len(plain)), Some(plain));
    }
    let possible: Vec<u64> = (0..3 * FRAME as u64).map(sealed_len).collect();
    for sealed in 0..possible[possible.len() - 1] {
        assert_eq!(plain_len(sealed).is_some(), possible.binary_search(&sealed).is_ok(), "{sealed}");
    }
}

#[test]
fn every_truncation_is_seen() {
    let keys = keys();
    for size in SIZES {
        let sealed = seal(&keys, &content(size));
        let boundaries = (0..=sealed.len()).step_by(SEALED_FRAME).flat_map(|at| [at, at + HEADER]);
        let near = boundaries.flat_map(|at| (at.saturating_sub(TAG + 1)..=at + TAG + 1).chain([at + FRAME / 2]));
        for len in near.filter(|len| *len < sealed.len()) {
            assert!(open(&keys, &sealed[..len]).is_err(), "{size} bytes cut to {len}");
        }
    }
}

#[test]
fn every_addition_is_seen() {
    let keys = keys();
    for size in SIZES {
        let sealed = seal(&keys, &content(size));
        let frames = &sealed[HEADER..];
        for more in [&[0][..], &[0; TAG], &[0; TAG + 1], &[0; SEALED_FRAME], frames, &sealed] {
            let longer = [&sealed, more].concat();
            assert!(open(&keys, &longer).is_err(), "{size} bytes and {} more", more.len());
        }
    }
}

#[test]
fn a_changed_bit_is_seen_wherever_it_is() {
    let keys = keys();
    let sealed = seal(&keys, &content(2 * FRAME + 5));
    let header = 0..HEADER;
    let first = [HEADER, HEADER + FRAME / 2, HEADER + FRAME - 1, HEADER + FRAME, HEADER + SEALED_FRAME - 1];
    let second = first.map(|at| at + SEALED_FRAME);
    let last = sealed.len() - TAG - 5..sealed.len();
    for at in header.chain(first).chain(second).chain(last) {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            assert!(open(&keys, &changed).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn frames_cannot_be_reordered_repeated_or_left_out() {
    let keys = keys();
    let sealed = seal(&keys, &content(4 * FRAME));
    let frame = |number: usize| &sealed[HEADER + number * SEALED_FRAME..][..SEALED_FRAME];
    let of = |order: &[usize]| {
        let frames: Vec<&[u8]> = order.iter().map(|number| frame(*number)).collect();
        [&sealed[..HEADER], &frames.concat()].concat()
    };
    assert!(open(&keys, &of(&[0, 1, 2, 3])).is_ok());
    for order in [&[1, 0, 2, 3][..], &[0, 2, 1, 3], &[0, 1, 3, 2], &[3, 1, 2, 0], &[0, 0, 2, 3], &[0, 2, 3], &[1, 2, 3], &[0, 1, 2, 3, 3]] {
        assert_eq!(open(&keys, &of(order)), Err(SealError::Altered), "{order:?}");
    }
}

#[test]
fn artifacts_cannot_be_swapped_between_places() {
    let keys = keys();
    let sealed = seal(&keys, &content(FRAME + 1));
    for other in [
        ["other org", "workspace", "shared", "hash"],
        ["org", "other workspace", "shared", "hash"],
        ["org", "workspace", "execution", "hash"],
        ["org", "workspace", "shared", "other hash"],
    ] {
        assert_eq!(open_in_steps(&keys, &place(other), &sealed, 1), Err(SealError::Altered), "{other:?}");
    }
    let other_org = self::keys();
    assert_eq!(open(&other_org, &sealed), Err(SealError::Altered));
}

#[test]
fn parts_of_two_artifacts_of_one_place_do_not_mix() {
    let keys = keys();
    let (one, two) = (seal(&keys, &content(2 * FRAME)), seal(&keys, &content(2 * FRAME)));
    for cut in [HEADER, HEADER + SEALED_FRAME] {
        assert_eq!(open(&keys, &[&one[..cut], &two[cut..]].concat()), Err(SealError::Altered), "cut at {cut}");
    }
}

#[test]
fn a_key_rotation_leaves_old_artifacts_readable() {
    let old = OrgKey::generate(1).unwrap();
    let keys = OrgKeys::new(old, vec![]);
    let sealed = seal(&keys, b"content");
    let keys = keys.rotate(OrgKey::generate(2).unwrap());
    assert_eq!(open(&keys, &sealed).unwrap(), b"content");
    let newer = seal(&keys, b"content");
    assert_eq!(newer[4..8], 2_u32.to_be_bytes());
    let only_new = OrgKeys::new(OrgKey::generate(2).unwrap(), vec![]);
    assert_eq!(open(&only_new, &sealed), Err(SealError::UnknownKey(1)));
}

#[test]
fn an_altered_block_is_wiped_and_the_opener_is_dead() {
    let keys = keys();
    let mut sealed = seal(&keys, &content(3 * FRAME));
    let (header, body) = sealed.split_first_chunk_mut::<HEADER>().unwrap();
    let mut opener = Opener::new(&keys, &context(), header, sealed_len(3 * FRAME as u64)).unwrap();
    let mut bad = body[..2 * SEALED_FRAME].to_vec();
    bad[0] ^= 1;
    assert_eq!(opener.open(&mut bad), Err(SealError::Altered));
    assert!(bad.iter().all(|byte| *byte == 0));
    assert!(opener.open(&mut body[SEALED_FRAME..2 * SEALED_FRAME]).is_err());
}

#[test]
fn blocks_end_between_frames() {
    let keys = keys();
    let mut sealer = Sealer::new(&keys, &context()).unwrap();
    assert_eq!(sealer.seal(&mut [0; SEALED_FRAME - 1]), Err(SealError::Format));
    assert_eq!(sealer.finish(&mut [0; TAG - 1]), Err(SealError::Format));
    assert_eq!(Sealer::new(&keys, &context()).unwrap().finish(&mut []), Err(SealError::Format));
    let artifact = seal(&keys, &content(2 * FRAME));
    let header = artifact.first_chunk().unwrap();
    let mut opener = Opener::new(&keys, &context(), header, artifact.len() as u64).unwrap();
    assert_eq!(opener.open(&mut [0; FRAME]), Err(SealError::Format));
    assert_eq!(opener.open(&mut [0; 3 * SEALED_FRAME]), Err(SealError::Altered));
}

#[test]
fn a_frame_number_is_never_used_twice() {
    let mut frames = Frames { next: Some(u32::MAX), ..Sealer::new(&keys(), &context()).unwrap().frames };
    assert!(frames.seal(&mut [0; SEALED_FRAME], false).is_ok());
    assert_eq!(frames.seal(&mut [0; SEALED_FRAME], true), Err(SealError::TooLong));
}

/// The format, written down independently of the code: artifacts of old releases must stay readable.
#[test]
fn an_artifact_sealed_by_another_program_opens() {
    let master = super::super::MasterKey::parse(&"7a".repeat(32)).unwrap();
    let keys = OrgKeys::new(master.unwrap_key(b"org", 1, &hex::decode(include_str!("wrapped.hex").trim()).unwrap()).unwrap(), vec![]);
    let sealed = hex::decode(include_str!("artifact.hex").trim()).unwrap();
    assert_eq!(open(&keys, &sealed).unwrap(), b"made by another program");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn steps_do_not_matter(size in 0..5 * FRAME, sealing in 1..6_usize, opening in 1..6_usize) {
        let (keys, plain) = (keys(), content(size));
        let sealed = seal_in_steps(&keys, &context(), &plain, sealing);
        prop_assert_eq!(open_in_steps(&keys, &context(), &sealed, opening).unwrap(), plain);
    }

    #[test]
    fn any_other_bytes_are_refused(size in 0..3 * FRAME, at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let keys = keys();
        let mut sealed = seal(&keys, &content(size));
        let at = at.index(sealed.len());
        prop_assume!(sealed[at] != to);
        sealed[at] = to;
        prop_assert!(open(&keys, &sealed).is_err());
    }
}
