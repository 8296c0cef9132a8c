# Rust: threads that take a spinning mutex of their own.
command=("$WORK/program")
prepare() {
    cat >program.rs <<'RUST'
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

struct Shared {
    locked: AtomicBool,
    order: AtomicUsize,
    spins: AtomicUsize,
}

fn main() {
    let shared = Arc::new(Shared {
        locked: AtomicBool::new(false),
        order: AtomicUsize::new(0),
        spins: AtomicUsize::new(0),
    });
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let shared = shared.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    let mut spins = 0;
                    while shared.locked.swap(true, Ordering::Acquire) {
                        std::hint::spin_loop();
                        spins += 1;
                    }
                    let mut order = shared.order.load(Ordering::Relaxed);
                    for i in 0..1_000_000 {
                        order = order.wrapping_mul(31).wrapping_add(number + i);
                    }
                    shared.order.store(order, Ordering::Relaxed);
                    shared.spins.fetch_add(spins, Ordering::Relaxed);
                    shared.locked.store(false, Ordering::Release);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    println!(
        "{} {}",
        shared.order.load(Ordering::Relaxed),
        shared.spins.load(Ordering::Relaxed)
    );
}
RUST
    rustc -O -o "$WORK/program" program.rs
}
