//! What Buildkeep's own client and its server say to each other: the shapes of `/api/v1`, published as OpenAPI 3.1 at
//! `/api/openapi.json` and turned into TypeScript types for `client/`.
//!
//! A field that is added is optional; one that is there keeps its meaning: old clients talk to new servers, and new
//! clients to old ones. An unknown field is ignored.
//!
//! Who asks is told by headers: `Authorization: Bearer <CI access token or personal access token>`, and `Nx-Cloud-Id`,
//! which a personal access token needs and which alone is a credential of its own.

pub mod artifacts;
pub mod logins;
pub mod problem;
pub mod runs;
pub mod whoami;

/// Header with the workspace's Nx Cloud id.
pub const NX_CLOUD_ID: &str = "nx-cloud-id";
/// Header with the secret of a CI execution: 64 hex characters that its first `nx` command has made up, or that derive
/// from `NX_CLOUD_EXECUTION_KEY`. Whoever knows it belongs to the execution.
pub const EXECUTION: &str = "buildkeep-execution";
/// Header with the secret of a run: the `key` that started it. Only its holder may add to the run.
pub const RUN_KEY: &str = "buildkeep-run-key";
