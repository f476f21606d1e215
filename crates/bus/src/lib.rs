//! The broadcast: relay from the log to NATS JetStream, check and rebuild.
