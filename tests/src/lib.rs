//! The whole service from outside, against a real nats-server.
