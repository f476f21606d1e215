//! Making the stream where there is none, with the operator's rights.

use crate::api::{Api, ApiError};
use crate::connection::{ConnectError, Connection};
use crate::consumers::{ConsumerSpec, ConsumerState, make_consumers};
use crate::endpoint::Endpoint;
use crate::stream::{StreamSettings, config};
use caseledger_log::LedgerIdentity;

/// Who makes a missing stream, and the consumers that belong to it.
#[derive(Clone, Debug)]
pub struct Maker {
    /// The operator.
    pub endpoint: Endpoint,
    /// The consumers to make with it.
    pub consumers: Vec<ConsumerSpec>,
}

/// Why stream or consumers were not made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The operator cannot connect.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The broker did not do it.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Makes the stream of a ledger and its consumers where they are missing; changes nothing that stands.
pub async fn make_stream(maker: &Maker, identity: LedgerIdentity, settings: StreamSettings) -> Result<(), MakeError> {
    let operator = Connection::open(&maker.endpoint).await?;
    let made = make_as(&operator, &maker.consumers, identity, settings).await;
    operator.close().await;
    Ok(made?)
}

async fn make_as(
    operator: &Connection,
    consumers: &[ConsumerSpec],
    identity: LedgerIdentity,
    settings: StreamSettings,
) -> Result<(), ApiError> {
    let api = Api::new(operator);
    if api.stream_info().await?.is_none() {
        api.create_stream(&config(identity, settings)).await?;
        tracing::info!(%identity, "made the stream LEDGER; it is filled from position 1");
    }
    for (name, state) in make_consumers(operator, consumers).await? {
        if let ConsumerState::Differs(_) = state {
            tracing::warn!(consumer = name, %state, "a consumer is not as listed");
        }
    }
    Ok(())
}
