//! Measures something beside its floor, in turns, so that whatever else the machine does hits both.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::median::median;

/// What a round took.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// On the wall, per piece of work.
    pub wall: Duration,
    /// On the processor, per piece of work, over all threads that count.
    pub cpu: Duration,
}

/// Processor time of the whole process.
pub fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

/// Runs `work`, which does `pieces` pieces, and answers what one took.
pub fn timed(pieces: u32, work: impl FnOnce()) -> Spent {
    let (wall, cpu) = (Instant::now(), process_cpu());
    work();
    Spent {
        wall: wall.elapsed() / pieces,
        cpu: (process_cpu() - cpu) / pieces,
    }
}

/// Rounds of the floor and of ours in turns, after one of each to warm up; prints medians and how much of the floor's
/// throughput ours has: by the wall, and by the processor, which other programs disturb less.
pub fn against_floor(
    name: &str,
    rounds: usize,
    budget_percent: u32,
    mut floor: impl FnMut() -> Spent,
    mut ours: impl FnMut() -> Spent,
) {
    let _ = (floor(), ours());
    let pairs: Vec<(Spent, Spent)> = (0..rounds).map(|_| (floor(), ours())).collect();
    let median_of = |value: fn(&(Spent, Spent)) -> f64| median(pairs.iter().map(value).collect());
    let wall = median_of(|(floor, ours)| floor.wall.as_secs_f64() / ours.wall.as_secs_f64());
    let cpu = median_of(|(floor, ours)| floor.cpu.as_secs_f64() / ours.cpu.as_secs_f64());
    println!(
        "{name}: floor {:.1} us wall, {:.1} us cpu; ours {:.1} us wall, {:.1} us cpu; {:.0} % of the floor by wall, \
         {:.0} % by cpu (budget {budget_percent} %)",
        median_of(|(floor, _)| floor.wall.as_secs_f64() * 1e6),
        median_of(|(floor, _)| floor.cpu.as_secs_f64() * 1e6),
        median_of(|(_, ours)| ours.wall.as_secs_f64() * 1e6),
        median_of(|(_, ours)| ours.cpu.as_secs_f64() * 1e6),
        wall * 100.0,
        cpu * 100.0,
    );
}
