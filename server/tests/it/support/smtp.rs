//! A mail server in a few lines, with the faults that real ones have.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What the other side calls itself.
    pub hello: String,
    /// To whom it went.
    pub to: String,
    /// Headers and body, as they came.
    pub content: String,
}

/// Takes mail. At a message to somebody whose name begins with `silent` it stops talking.
pub struct MailServer {
    /// For the setting `smtp_url`.
    pub url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
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
        let taken = Arc::<Mutex<Vec<Taken>>>::default();
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
        self.messages().into_iter().map(|message| message.to).collect()
    }

    /// The messages.
    pub fn messages(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

async fn talk(stream: TcpStream, taken: Arc<Mutex<Vec<Taken>>>, begin: watch::Sender<usize>, mut opened: watch::Receiver<bool>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut hello, mut to) = (String::new(), String::new());
    if write.write_all(b"220 ready\r\n").await.is_err() {
        return;
    }
    while let Ok(Some(line)) = lines.next_line().await {
        let word = line.to_uppercase();
        let answer = match word.get(..4).unwrap_or_default() {
            "EHLO" => {
                hello = line[4..].trim().to_owned();
                "250 fine"
            }
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
                let mut content = String::new();
                while let Some(line) = lines.next_line().await.unwrap().filter(|line| line != ".") {
                    content.extend([&line, "\n"]);
                }
                taken.lock().unwrap().push(Taken { hello: hello.clone(), to: to.clone(), content });
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
