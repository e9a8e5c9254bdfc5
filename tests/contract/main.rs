//! One story per seam, told to every implementation of it.

mod cloud;
mod store;
