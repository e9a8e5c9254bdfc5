//! Many requests at once over kept connections, made beforehand.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::line::Line;
use crate::meter::{Spent, process_cpu};

/// Processor time of this thread.
pub fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

/// Every line asks its own requests, all at once. The processor's time is the server's: what the generator's threads
/// used is taken off.
pub fn volley(lines: &mut [Line], requests: &[Vec<Vec<u8>>]) -> Spent {
    let start = Barrier::new(lines.len() + 1);
    let pieces: usize = requests.iter().map(Vec::len).sum();
    let pieces = u32::try_from(pieces).unwrap_or(u32::MAX).max(1);
    std::thread::scope(|scope| {
        let asking: Vec<_> = lines
            .iter_mut()
            .zip(requests)
            .map(|(line, requests)| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let before = thread_cpu();
                    for request in requests {
                        line.ask(request).expect("the bench's server answers 200");
                    }
                    thread_cpu() - before
                })
            })
            .collect();
        let (wall, cpu) = (Instant::now(), process_cpu());
        start.wait();
        let generators: Duration = asking
            .into_iter()
            .map(|thread| thread.join().expect("a generator's thread ends by itself"))
            .sum();
        Spent {
            wall: wall.elapsed() / pieces,
            cpu: (process_cpu() - cpu).saturating_sub(generators) / pieces,
        }
    })
}
