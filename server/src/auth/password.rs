//! Passwords: argon2id, off the async threads, no more at once than the machine bears, and nobody's crowd in front of everybody.

use std::sync::Arc;

use app::domain::password;
use app::domain::secret::PlainSecret;
use app::error::AppError;
use app::request::Caller;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::network::{ClientNetwork, WideNetwork};
use crate::places::{Places, Weight};

/// Each hash takes 19 MiB and tens of milliseconds of a core (OWASP's parameters, the crate's default); more at once
/// would let a crowd at the sign-in page take the machine.
const MOST_AT_ONCE: usize = 4;
/// Passwords that may wait for each that is checked: about half a second of waiting. Whoever comes then is asked to try again, since
/// a refusal in a moment is better than an answer that comes when the person has gone.
const WAITING: usize = 16;
/// Seconds after which to try again.
const TRY_AGAIN: u32 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Network(ClientNetwork),
    Wide(Option<WideNetwork>),
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    working: Arc<Semaphore>,
    waiting: Places<Holder>,
    /// Checked instead, when there is no account, so that the answer takes the same time.
    nobody: Arc<str>,
}

impl Passwords {
    /// Prepares the hash that stands in for accounts that do not exist.
    pub fn new() -> Result<Self> {
        let nobody = hash("the password of nobody")?;
        // Half of the cores go on serving.
        let at_once = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, MOST_AT_ONCE));
        Ok(Self { working: Arc::new(Semaphore::new(at_once)), waiting: Places::new(at_once * WAITING), nobody: nobody.into() })
    }

    /// Hash of a new password, in the PHC string format.
    pub async fn hash(&self, caller: &Caller, password: PlainSecret) -> Result<String> {
        self.off_thread(caller, move || hash(&normalised(password.expose()))).await
    }

    /// Whether the password is the one behind the hash. Without a hash the answer is no, after the same time.
    ///
    /// Older versions hashed a password as it was typed, so where its normal form is another text and does not fit, that is
    /// tried too. How often is tried follows from what was typed, and says nothing of the account.
    pub async fn verify(&self, caller: &Caller, password: PlainSecret, stored: Option<String>) -> Result<bool> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let matches = self
            .off_thread(caller, move || {
                let stored = PasswordHash::new(&stored).map_err(|error| Error::Password(error.to_string()))?;
                let fits = |password: &str| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok();
                let (typed, normalised) = (password.expose(), normalised(password.expose()));
                Ok(fits(&normalised) || (typed != normalised.as_str() && fits(typed)))
            })
            .await?;
        Ok(exists && matches)
    }

    async fn off_thread<T: Send + 'static>(&self, caller: &Caller, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let network = ClientNetwork::of(&caller.address);
        let wide = network.wide();
        // IPv4 networks are not held together.
        let weight = if wide.is_some() { Weight::HALF } else { Weight::ALL };
        let holders = [(Holder::Network(network), Weight::THIRD), (Holder::Wide(wide), weight)];
        let Some(waiting) = self.waiting.take(holders) else {
            metrics::counter!("buildkeep_passwords_refused_total").increment(1);
            return Err(AppError::RateLimited(TRY_AGAIN).into());
        };
        let working = self.working.clone().acquire_owned().await.map_err(|_| Error::Stopped)?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop((working, waiting));
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
