//! The guests' memory allocator: free lists by size over one growing stretch.
//!
//! An instance lives for one decision or one view, so nothing has to be given back and little gets fragmented. Against
//! the standard library's allocator this saves a third of a `select`, and the growing of memory at each start: it uses
//! the pages the module starts with, which the engine keeps mapped between instances.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::UnsafeCell;
use core::ptr;

const PAGE: usize = 65_536;
/// Four sizes for each power of two.
const CLASSES: usize = 32 * 4;
/// Every block is aligned to this, and no smaller.
const GRAIN: usize = 16;

unsafe extern "C" {
    /// First byte behind the stack and the data, placed by the linker.
    static __heap_base: u8;
}

struct Arena {
    state: UnsafeCell<State>,
}

struct State {
    /// First free block of each class; a free block starts with the address of the next.
    free: [*mut u8; CLASSES],
    /// Start of the part that was never handed out; 0 before the first call.
    next: usize,
    end: usize,
}

// SAFETY: a guest has one thread; the engine runs modules without shared memory only.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena {
    state: UnsafeCell::new(State {
        free: [ptr::null_mut(); CLASSES],
        next: 0,
        end: 0,
    }),
};

/// Size of the block for so many bytes, and its class.
fn block(size: usize) -> (usize, usize) {
    let size = size.max(GRAIN);
    let step = (size.ilog2() - 2).max(GRAIN.ilog2());
    let size = (size + (1 << step) - 1) >> step << step;
    let log = size.ilog2();
    (size, log as usize * 4 + ((size >> (log - 2)) & 3))
}

impl State {
    /// A fresh block; null when there is no memory left.
    fn fresh(&mut self, size: usize, align: usize) -> *mut u8 {
        if self.next == 0 {
            self.next = (&raw const __heap_base) as usize;
            self.end = wasm32::memory_size(0) * PAGE;
        }
        let start = self.next.next_multiple_of(align.max(GRAIN));
        let Some(stop) = start.checked_add(size) else {
            return ptr::null_mut();
        };
        if stop > self.end {
            let pages = (stop - self.end).div_ceil(PAGE);
            if wasm32::memory_grow(0, pages) == usize::MAX {
                return ptr::null_mut();
            }
            self.end += pages * PAGE;
        }
        self.next = stop;
        start as *mut u8
    }
}

// SAFETY: blocks come from memory that the linker and the engine leave to the heap, each is handed out once until it
// is freed, and is at least as large and as aligned as asked for.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no call of the arena runs inside another.
        let state = unsafe { &mut *self.state.get() };
        let (size, class) = block(layout.size());
        let head = state.free[class];
        if head.is_null() || layout.align() > GRAIN {
            return state.fresh(size, layout.align());
        }
        // SAFETY: a free block starts with the address of the next one.
        state.free[class] = unsafe { head.cast::<*mut u8>().read() };
        head
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        let state = unsafe { &mut *self.state.get() };
        let (_, class) = block(layout.size());
        // SAFETY: the block is nobody's any more, and large enough for an address.
        unsafe { pointer.cast::<*mut u8>().write(state.free[class]) };
        state.free[class] = pointer;
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (had, _) = block(layout.size());
        if block(size).0 == had {
            return pointer;
        }
        // SAFETY: the caller's promises are those of `alloc` and `dealloc`; both blocks hold the smaller size.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(pointer, moved, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
            moved
        }
    }
}
