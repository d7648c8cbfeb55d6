//! A DNS server on loopback, UDP and TCP: an authoritative one for everything, whose records a test writes.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_server::Server;
use hickory_server::net::runtime::{Time, TokioRuntimeProvider};
use hickory_server::proto::op::{Header, HeaderCounts, ResponseCode};
use hickory_server::proto::rr::rdata::{CNAME, SOA, TXT};
use hickory_server::proto::rr::{LowerName, Name, RData, Record, RecordType, RrKey};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, MessageResponseBuilder, ZoneType};
use tokio::net::{TcpListener, UdpSocket};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Answered with SERVFAIL.
    Fails,
    /// Not answered at all.
    Silent,
}

type Faults = Arc<Mutex<HashMap<LowerName, Fault>>>;

/// A DNS server; it stops when it is dropped.
pub struct DnsServer {
    /// Where it listens.
    pub address: SocketAddr,
    zone: Arc<InMemoryZoneHandler<TokioRuntimeProvider>>,
    faults: Faults,
    asked: Arc<AtomicUsize>,
    _server: Server<Handler>,
}

fn parsed(name: &str) -> Name {
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    name
}

impl DnsServer {
    /// Starts one that knows nothing yet.
    pub async fn start() -> Self {
        let mut zone = InMemoryZoneHandler::empty(Name::root(), ZoneType::Primary, AxfrPolicy::Deny);
        let soa = SOA::new(parsed("ns.test"), parsed("nobody.test"), 1, 60, 60, 60, 60);
        assert!(zone.upsert_mut(Record::from_rdata(Name::root(), 60, RData::SOA(soa)), 1));
        let zone = Arc::new(zone);
        let mut catalog = Catalog::new();
        catalog.upsert(Name::root().into(), vec![zone.clone()]);
        let (faults, asked) = (Faults::default(), Arc::<AtomicUsize>::default());
        let mut server = Server::new(Handler { catalog, faults: faults.clone(), asked: asked.clone() });
        let (udp, tcp) = sockets().await;
        let address = udp.local_addr().unwrap();
        server.register_socket(udp);
        server.register_listener(tcp, Duration::from_secs(5), 1 << 16);
        Self { address, zone, faults, asked, _server: server }
    }

    /// Adds a TXT record whose value comes in these parts.
    pub async fn txt(&self, name: &str, parts: &[&str]) {
        let data = TXT::new(parts.iter().map(|part| (*part).to_owned()).collect());
        self.add(name, RData::TXT(data)).await;
    }

    /// Adds an alias.
    pub async fn cname(&self, name: &str, target: &str) {
        self.add(name, RData::CNAME(CNAME(parsed(target)))).await;
    }

    async fn add(&self, name: &str, data: RData) {
        assert!(self.zone.upsert(Record::from_rdata(parsed(name), 60, data), 1).await);
    }

    /// Takes the TXT records of a name away.
    pub async fn clear(&self, name: &str) {
        self.zone.records_mut().await.remove(&RrKey::new(parsed(name).into(), RecordType::TXT));
        self.faults.lock().unwrap().remove(&parsed(name).into());
    }

    /// Answers questions for this name with SERVFAIL from now on.
    pub fn fails(&self, name: &str) {
        self.faults.lock().unwrap().insert(parsed(name).into(), Fault::Fails);
    }

    /// Does not answer questions for this name from now on.
    pub fn is_silent(&self, name: &str) {
        self.faults.lock().unwrap().insert(parsed(name).into(), Fault::Silent);
    }

    /// How many questions came.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Both on the same free port.
async fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

struct Handler {
    catalog: Catalog,
    faults: Faults,
    asked: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut response: R) -> ResponseInfo {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let name = request.request_info().unwrap().query.name().clone();
        let fault = self.faults.lock().unwrap().get(&name).copied();
        let nothing = || ResponseInfo::from(Header { metadata: request.metadata, counts: HeaderCounts::default() });
        match fault {
            None => self.catalog.handle_request::<R, T>(request, response).await,
            Some(Fault::Silent) => nothing(),
            Some(Fault::Fails) => {
                let answer = MessageResponseBuilder::from_message_request(request).error_msg(&request.metadata, ResponseCode::ServFail);
                response.send_response(answer).await.unwrap_or_else(|_| nothing())
            }
        }
    }
}
