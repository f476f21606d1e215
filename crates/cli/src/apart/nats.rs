//! Events from the broadcast: public facts, in the order of the ledger.

use caseledger_bus::{Connection, Endpoint, FollowError, Follower, broadcast_of};
use caseledger_events::ids::Position;
use caseledger_log::LedgerIdentity;
use caseledger_proof::Hash;

use super::chunk::{Chunk, Form};
use crate::exit::{Exit, Failure};

/// A reader of the broadcast.
pub struct FromNats {
    connection: Connection,
    identity: LedgerIdentity,
    head: Position,
}

impl FromNats {
    /// Connects, and asks which ledger the stream is a copy of.
    pub async fn open(endpoint: &Endpoint) -> Result<FromNats, Failure> {
        let connection = Connection::open(endpoint).await?;
        let (identity, head) = broadcast_of(&connection).await?;
        Ok(FromNats { connection, identity, head })
    }

    /// Returns the ledger.
    pub fn identity(&self) -> LedgerIdentity {
        self.identity
    }

    /// Returns where the stream ended when it was asked.
    pub fn head(&self) -> Position {
        self.head
    }

    /// Returns the chain hash at a position; none beyond the end.
    pub async fn chain_at(&self, position: Position) -> Result<Option<Hash>, Failure> {
        if position == Position(0) || position > self.head {
            return Ok(None);
        }
        let mut follower = Follower::start(&self.connection, self.identity, position).await?;
        Ok(follower.next().await?.first().map(|followed| followed.hash))
    }

    /// Begins to read at a position.
    pub async fn follow(&self, from: Position) -> Result<Follower, Failure> {
        Ok(Follower::start(&self.connection, self.identity, from).await?)
    }

    /// Closes the connection.
    pub async fn close(self) {
        self.connection.close().await;
    }
}

/// Reads what there is next; an empty chunk where nothing came for a while.
pub async fn next(follower: &mut Follower) -> Result<Chunk, Failure> {
    let mut chunk = Chunk::new(Form::Public);
    for followed in follower.next().await? {
        chunk.push(followed.position, followed.hash, &followed.body);
    }
    Ok(chunk)
}

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Failure {
        let exit = match &error {
            FollowError::Broken { .. } => Exit::FoundWrong,
            FollowError::NoStream | FollowError::NoLedger => Exit::NoData,
            FollowError::Api(_) | FollowError::Stalled { .. } => Exit::Unavailable,
        };
        Failure::new(exit, error)
    }
}
