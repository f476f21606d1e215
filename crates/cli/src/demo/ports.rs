//! Addresses for a demo: the usual ones where they are free, others where they are not.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Returns the usual port where nobody listens on it, else one that is free.
pub fn usual_or_free(usual: u16) -> u16 {
    if is_free(usual) { usual } else { free() }
}

/// Returns a loopback port that is free now, below those that outgoing connections take theirs from: a client that
/// tries to reach a port in that range may be given the very same port and connect to itself.
pub fn free() -> u16 {
    let mut number = RandomState::new().hash_one(0);
    loop {
        let port = 20_000 + (number % 12_000) as u16;
        if is_free(port) {
            return port;
        }
        number = number.rotate_left(7).wrapping_add(1);
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_left_alone() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, taken));
        assert_ne!(usual_or_free(taken), if held.is_ok() { taken } else { 0 });
    }
}
