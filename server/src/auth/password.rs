//! Passwords: argon2id, off the async threads, and no more at once than the machine bears.

use std::sync::Arc;

use app::domain::password;
use app::domain::secret::PlainSecret;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Each hash takes 19 MiB and tens of milliseconds (OWASP's parameters, the crate's default); more at once
/// would let a crowd at the sign-in page take the machine.
const AT_ONCE: usize = 4;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    /// Checked instead, when there is no account, so that the answer takes the same time.
    nobody: Arc<str>,
}

impl Passwords {
    /// Prepares the hash that stands in for accounts that do not exist.
    pub fn new() -> Result<Self> {
        let nobody = hash("the password of nobody")?;
        Ok(Self { places: Arc::new(Semaphore::new(AT_ONCE)), nobody: nobody.into() })
    }

    /// Hash of a new password, in the PHC string format.
    pub async fn hash(&self, password: PlainSecret) -> Result<String> {
        self.off_thread(move || hash(&normalised(password.expose()))).await
    }

    /// Whether the password is the one behind the hash. Without a hash the answer is no, after the same time.
    ///
    /// Older versions hashed a password as it was typed, so where its normal form is another text and does not fit, that is
    /// tried too. How often is tried follows from what was typed, and says nothing of the account.
    pub async fn verify(&self, password: PlainSecret, stored: Option<String>) -> Result<bool> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let matches = self
            .off_thread(move || {
                let stored = PasswordHash::new(&stored).map_err(|error| Error::Password(error.to_string()))?;
                let fits = |password: &str| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok();
                let (typed, normalised) = (password.expose(), normalised(password.expose()));
                Ok(fits(&normalised) || (typed != normalised.as_str() && fits(typed)))
            })
            .await?;
        Ok(exists && matches)
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let place = self.places.clone().acquire_owned().await.map_err(|_| Error::Stopped)?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        })
        .await
        .map_err(|_| Error::Stopped)?
    }
}

fn normalised(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password::normalised(password))
}

fn hash(password: &str) -> Result<String> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| Error::Password(error.to_string()))
}
