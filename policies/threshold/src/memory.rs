//! What the next call must know: since when the load is over the bound, and since when nodes are idle.
//!
//! A blob of variable-length numbers: version, the newest time in it, the alarms, the idle nodes. Times are stored as
//! ages against that newest one, so that a blob changes only when something happened. A blob that cannot be read counts
//! as none: waits start again, nothing worse.

/// First byte of the blob.
const VERSION: u8 = 1;

/// Idle nodes kept, so that the blob stays under the host's 64 KiB: at most 5 + 5 bytes each.
const MOST_IDLE: usize = 6_000;

/// Longer ages are cut to this: no wait is longer than a day.
const OLDEST_MS: u64 = 90_000_000;

/// Something that lasts, by role and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasting {
    /// Role code.
    pub role: u8,
    /// Index of the region.
    pub region: u32,
    /// Since when, UTC milliseconds.
    pub since_ms: u64,
}

/// The state between two calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Load over the threshold.
    pub alarms: Vec<Lasting>,
    /// Load so low that the emptiest node may be drained.
    pub lows: Vec<Lasting>,
    /// (id, since when idle), by id.
    pub idle: Vec<(u32, u64)>,
}

impl Memory {
    /// Reads a blob; one that is empty, foreign or cut gives an empty memory.
    pub fn read(blob: &[u8]) -> Self {
        let mut reader = Reader(blob);
        reader.memory().unwrap_or_default()
    }

    /// Writes the blob.
    pub fn write(&self) -> Vec<u8> {
        let newest_ms = self.newest_ms();
        let mut blob = Vec::with_capacity(16 + 8 * self.idle.len());
        blob.push(VERSION);
        put(&mut blob, newest_ms);
        for list in [&self.alarms, &self.lows] {
            put(&mut blob, list.len() as u64);
            for entry in list {
                blob.push(entry.role);
                put(&mut blob, u64::from(entry.region));
                put(&mut blob, age(newest_ms, entry.since_ms));
            }
        }
        let kept = &self.idle[..self.idle.len().min(MOST_IDLE)];
        put(&mut blob, kept.len() as u64);
        let mut last = 0;
        for (id, since_ms) in kept {
            put(&mut blob, u64::from(id.wrapping_sub(last)));
            put(&mut blob, age(newest_ms, *since_ms));
            last = *id;
        }
        blob
    }

    fn newest_ms(&self) -> u64 {
        let lasting = self
            .alarms
            .iter()
            .chain(&self.lows)
            .map(|entry| entry.since_ms);
        let idle = self.idle.iter().map(|(_, since_ms)| *since_ms);
        lasting.chain(idle).max().unwrap_or(0)
    }

    /// Since when the node is idle, if it was at the last call.
    pub fn idle_since(&self, id: u32) -> Option<u64> {
        let at = self.idle.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.idle[at].1)
    }
}

/// Since when the list has the role in the region.
pub fn since(list: &[Lasting], role: u8, region: u32) -> Option<u64> {
    list.iter()
        .find(|entry| entry.role == role && entry.region == region)
        .map(|entry| entry.since_ms)
}

fn age(newest_ms: u64, since_ms: u64) -> u64 {
    newest_ms.saturating_sub(since_ms).min(OLDEST_MS)
}

fn put(blob: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        blob.push(value as u8 | 0x80);
        value >>= 7;
    }
    blob.push(value as u8);
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn memory(&mut self) -> Option<Memory> {
        if self.byte()? != VERSION {
            return None;
        }
        let newest_ms = self.number()?;
        let alarms = self.lasting(newest_ms)?;
        let lows = self.lasting(newest_ms)?;
        let count = self.number()?;
        let mut idle = Vec::new();
        let mut id = 0u32;
        for _ in 0..count.min(MOST_IDLE as u64) {
            id = id.wrapping_add(self.number()? as u32);
            idle.push((id, newest_ms.saturating_sub(self.number()?)));
        }
        idle.is_sorted().then_some(Memory { alarms, lows, idle })
    }

    fn lasting(&mut self, newest_ms: u64) -> Option<Vec<Lasting>> {
        let count = self.number()?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(Lasting {
                role: self.byte()?,
                region: self.number()? as u32,
                since_ms: newest_ms.saturating_sub(self.number()?),
            });
        }
        Some(list)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Lasting, Memory};

    fn example() -> Memory {
        Memory {
            alarms: vec![Lasting {
                role: 1,
                region: 3,
                since_ms: 999_000,
            }],
            lows: Vec::new(),
            idle: vec![(7, 900_000), (4_000_000_000, 1_000_000)],
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let blob = example().write();
        assert!(blob.len() < 32, "{} bytes", blob.len());
        assert_eq!(Memory::read(&blob), example());
    }

    #[test]
    fn a_cut_or_foreign_blob_is_no_memory() {
        let blob = example().write();
        for end in 0..blob.len() {
            assert_eq!(Memory::read(&blob[..end]), Memory::default());
        }
        assert_eq!(Memory::read(&[9, 9, 9]), Memory::default());
        assert_eq!(Memory::read(&[0xff; 40]), Memory::default());
    }

    #[test]
    fn ten_thousand_idle_nodes_stay_under_the_cap() {
        let since_ms = |i: u32| if i == 0 { u64::MAX } else { 0 };
        let idle = (0..10_000).map(|i| (i * 400_000, since_ms(i))).collect();
        let memory = Memory {
            idle,
            ..Memory::default()
        };
        assert!(memory.write().len() < 64 * 1024);
    }
}
