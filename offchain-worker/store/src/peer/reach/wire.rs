//! What is asked and answered, in bytes. No address is asked for: who could name one could have
//! others dialled.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// A port of either family.
pub(crate) const QUESTION_BYTES: usize = 4;
/// An address as one of IPv6, a port, and whether it was reached.
const PLACE_BYTES: usize = 19;
/// What kind of answer it is, and a place of either family.
pub(crate) const ANSWER_BYTES: usize = 1 + 2 * PLACE_BYTES;
/// What an answer begins with that is no refusal.
const DIALLED: u8 = 0;
const REFUSALS: [Refusal; 4] = [Refusal::Busy, Refusal::Early, Refusal::Unseen, Refusal::Unable];

/// Where a node listens: at one port of a family, or at none, which is 0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Ports {
    pub four: u16,
    pub six: u16,
}

/// What became of dialling a node at one address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dialled {
    pub address: SocketAddr,
    /// Whether that very node answered there.
    pub reached: bool,
}

/// Why a node that is asked does not dial back.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[repr(u8)]
pub enum Refusal {
    #[error("is dialling another one; ask again")]
    Busy = 1,
    #[error("dials back once a minute; ask again then")]
    Early = 2,
    #[error("sees this node by a relay alone, and does not know where to dial")]
    Unseen = 3,
    #[error("can dial nobody itself")]
    Unable = 4,
}

pub(crate) type Answer = Result<Vec<Dialled>, Refusal>;

impl Ports {
    pub(crate) fn of(addresses: &[SocketAddr]) -> Self {
        let port = |is_four: bool| {
            let found = addresses.iter().find(|address| address.is_ipv4() == is_four);
            found.map(SocketAddr::port).unwrap_or_default()
        };
        Self { four: port(true), six: port(false) }
    }

    /// The one of an address's family.
    pub(crate) fn like(&self, address: &SocketAddr) -> u16 {
        if address.is_ipv4() {
            self.four
        } else {
            self.six
        }
    }

    pub(crate) fn written(self) -> [u8; QUESTION_BYTES] {
        let ([a, b], [c, d]) = (self.four.to_le_bytes(), self.six.to_le_bytes());
        [a, b, c, d]
    }

    /// None of bytes that ask for nothing, too.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, d] = bytes else { return None };
        let ports = Self { four: u16::from_le_bytes([a, b]), six: u16::from_le_bytes([c, d]) };
        (ports != Self::default()).then_some(ports)
    }
}

pub(crate) fn written(answer: &Answer) -> Vec<u8> {
    let dialled = match answer {
        Ok(dialled) => dialled,
        Err(refusal) => return vec![*refusal as u8],
    };
    let mut bytes = vec![DIALLED];
    for Dialled { address, reached } in dialled {
        let ip = match address.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        bytes.extend(ip.octets());
        bytes.extend(address.port().to_le_bytes());
        bytes.push(u8::from(*reached));
    }
    bytes
}

pub(crate) fn read(bytes: &[u8]) -> Option<Answer> {
    let (kind, rest) = bytes.split_first()?;
    if *kind == DIALLED {
        let places: Option<Vec<Dialled>> = rest.chunks(PLACE_BYTES).map(place).collect();
        return places.filter(|places| (1..=2).contains(&places.len())).map(Ok);
    }
    let refusal = REFUSALS.into_iter().find(|refusal| *refusal as u8 == *kind)?;
    rest.is_empty().then_some(Err(refusal))
}

fn place(bytes: &[u8]) -> Option<Dialled> {
    let (ip, rest) = bytes.split_first_chunk::<16>()?;
    let &[low, high, reached @ (0 | 1)] = rest else { return None };
    let ip = Ipv6Addr::from(*ip).to_canonical();
    let address = SocketAddr::new(ip, u16::from_le_bytes([low, high]));
    Some(Dialled { address, reached: reached == 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialled(address: &str, reached: bool) -> Dialled {
        Dialled { address: address.parse().unwrap(), reached }
    }

    #[test]
    fn answer_should_be_read_as_it_is_written() {
        let both = vec![dialled("10.0.0.1:9700", true), dialled("[2001:db8::1]:1", false)];
        let answers = REFUSALS.map(Err).into_iter().chain([Ok(both[..1].to_vec()), Ok(both)]);
        for answer in answers {
            let bytes = written(&answer);
            assert!(bytes.len() <= ANSWER_BYTES, "{answer:?}");
            assert_eq!(read(&bytes), Some(answer));
        }
    }

    #[test]
    fn answer_should_be_none_when_it_is_no_answer() {
        let good = written(&Ok(vec![dialled("10.0.0.1:9700", true)]));
        let of_three = [&good[..], &good[1..], &good[1..]].concat();
        let mut unsure = good.clone();
        *unsure.last_mut().unwrap() = 2;
        let short = &good[..good.len() - 1];
        for bad in [&[DIALLED][..], &[], &[5], &[Refusal::Busy as u8, 0], short, &of_three, &unsure]
        {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn ports_should_be_read_as_they_are_written_and_never_when_there_is_none() {
        let ports = Ports::of(&["[::]:1".parse().unwrap(), "127.0.0.1:9700".parse().unwrap()]);
        assert_eq!((ports.four, ports.six), (9_700, 1));
        assert_eq!(Ports::read(&ports.written()), Some(ports));
        for bad in [&[][..], &[0; 4], &[1; 3], &[1; 5]] {
            assert_eq!(Ports::read(bad), None, "{bad:?}");
        }
    }
}
