//! A mail server in a few lines, with the faults that real ones have.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Takes mail. At a message to somebody whose name begins with `silent` it stops talking.
pub struct MailServer {
    /// For the setting `smtp_url`.
    pub url: String,
    taken: Arc<Mutex<Vec<String>>>,
    begun: watch::Receiver<usize>,
    open: watch::Sender<bool>,
}

impl MailServer {
    /// One that takes messages at once.
    pub async fn start() -> Self {
        let server = Self::start_closed().await;
        server.release();
        server
    }

    /// One that holds every message back until it is released.
    pub async fn start_closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let taken = Arc::<Mutex<Vec<String>>>::default();
        let ((count, begun), (open, opened)) = (watch::channel(0), watch::channel(false));
        let into = taken.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, into.clone(), count.clone(), opened.clone()));
            }
        });
        Self { url, taken, begun, open }
    }

    /// Lets all messages through.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    /// Waits until so many messages were begun.
    pub async fn begun(&self, count: usize) {
        self.begun.clone().wait_for(|begun| *begun >= count).await.unwrap();
    }

    /// To whom messages went.
    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

async fn talk(stream: TcpStream, taken: Arc<Mutex<Vec<String>>>, begin: watch::Sender<usize>, mut opened: watch::Receiver<bool>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut to = String::new();
    if write.write_all(b"220 ready\r\n").await.is_err() {
        return;
    }
    while let Ok(Some(line)) = lines.next_line().await {
        let word = line.to_uppercase();
        let answer = match word.get(..4).unwrap_or_default() {
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                if to.starts_with("silent") {
                    continue;
                }
                "250 fine"
            }
            "DATA" => {
                begin.send_modify(|begun| *begun += 1);
                opened.wait_for(|open| *open).await.unwrap();
                if write.write_all(b"354 go on\r\n").await.is_err() {
                    return;
                }
                while lines.next_line().await.unwrap().is_some_and(|line| line != ".") {}
                taken.lock().unwrap().push(to.clone());
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}
