//! Large answers leave piece by piece.

use app::domain::access::TokenAccess::ReadOnly;
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::json;

use crate::support::TestApp;
use crate::support::run::{Nx, task};

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_arrives_whole_and_in_pieces() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadOnly).await;
    let nx = Nx::start(&app, &ci).await;
    nx.tasks(&[task(0, "app:build", &json!({}))]).await;
    let mut whole = String::new();
    for piece in 0..24 {
        let text = format!("{piece} ä\n").repeat(20_000);
        nx.log(0, piece, &text).await;
        whole.push_str(&text);
    }
    let path = format!("/o/{}/w/{}/runs/{}/tasks/0/log.txt", workspace.org, workspace.id, nx.id);
    let response = ada.request(Method::GET, &path).send().await.unwrap();
    assert!(response.content_length().is_none(), "it is not made as a whole first");
    let pieces: Vec<_> = response.bytes_stream().map(Result::unwrap).collect().await;
    assert!(pieces.concat() == whole.as_bytes());
}
