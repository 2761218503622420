//! libfacelite from Rust: the C functions that a game needs, and owners for what they work on.

use std::alloc::{alloc, dealloc, handle_alloc_error, Layout};
use std::ffi::CStr;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

/// `FACELITE_ALIGNMENT`.
const ALIGNMENT: usize = 64;

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Info {
    pub sample_rate: u32,
    pub window: u32,
    pub lookahead: u32,
    pub hop: u32,
    pub receptive_field: u32,
    pub controls: u32,
    pub smoothing: u32,
    pub ops: u32,
    pub parameters: u64,
    pub macs_per_hop: u64,
    pub weight_bytes: usize,
    pub blob_bytes: usize,
    pub model_bytes: usize,
    pub stream_bytes: usize,
    pub scratch_bytes: usize,
    pub stack_bytes: usize,
}

/// Seconds, a sum of terms.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Latency {
    pub lookahead: f64,
    pub smoothing: f64,
    pub hop: f64,
    pub resampler: f64,
}

impl Latency {
    pub fn total(&self) -> f64 {
        self.lookahead + self.smoothing + self.hop + self.resampler
    }
}

#[link(name = "facelite")]
extern "C" {
    fn facelite_strerror(status: c_int) -> *const c_char;
    fn facelite_inspect(blob: *const c_void, blob_bytes: usize, info: *mut Info) -> c_int;
    fn facelite_model_init(
        memory: *mut c_void,
        memory_bytes: usize,
        blob: *const c_void,
        blob_bytes: usize,
        model: *mut *const c_void,
    ) -> c_int;
    fn facelite_stream_bytes(model: *const c_void, hz: u32) -> usize;
    fn facelite_stream_init(
        memory: *mut c_void,
        memory_bytes: usize,
        model: *const c_void,
        stream: *mut *mut c_void,
    ) -> c_int;
    fn facelite_stream_set_rate(stream: *mut c_void, hz: u32) -> c_int;
    fn facelite_stream_latency(stream: *const c_void, latency: *mut Latency) -> c_int;
    fn facelite_stream_frames_for(stream: *const c_void, samples: usize) -> usize;
    fn facelite_stream_frames_pending(stream: *const c_void) -> usize;
    fn facelite_stream_push_i16(
        stream: *mut c_void,
        scratch: *mut c_void,
        pcm: *const i16,
        samples: usize,
        frames: *mut f32,
        frame_capacity: usize,
        written: *mut usize,
    ) -> c_int;
    fn facelite_stream_flush(
        stream: *mut c_void,
        scratch: *mut c_void,
        frames: *mut f32,
        frame_capacity: usize,
        written: *mut usize,
    ) -> c_int;
    fn facelite_stream_sample(stream: *const c_void, seconds: f64, frame: *mut f32) -> c_int;
    fn facelite_stream_stop(stream: *mut c_void, at: f64, fade: f64) -> c_int;
}

/// A `facelite_status` that is not OK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(pub c_int);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The text is a constant of the library.
        f.write_str(&unsafe { CStr::from_ptr(facelite_strerror(self.0)) }.to_string_lossy())
    }
}

impl std::error::Error for Error {}

fn check(status: c_int) -> Result<(), Error> {
    if status == 0 {
        Ok(())
    } else {
        Err(Error(status))
    }
}

struct Block {
    data: *mut c_void,
    layout: Layout,
}

impl Block {
    fn new(bytes: usize) -> Self {
        let layout = Layout::from_size_align(bytes.max(1), ALIGNMENT).expect("a size that fits the address space");
        let data = unsafe { alloc(layout) };
        if data.is_null() {
            handle_alloc_error(layout);
        }
        Block { data: data.cast(), layout }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        unsafe { dealloc(self.data.cast(), self.layout) }
    }
}

/// A `student.facelite`, shared by any number of streams and threads.
pub struct Model {
    handle: *const c_void,
    pub info: Info,
    _memory: Block,
    _blob: Block,
}

// Read-only once it is made.
unsafe impl Send for Model {}
unsafe impl Sync for Model {}

impl Model {
    pub fn new(student: &[u8]) -> Result<Arc<Model>, Error> {
        let blob = Block::new(student.len());
        let mut info = Info::default();
        let mut handle = ptr::null();
        unsafe {
            ptr::copy_nonoverlapping(student.as_ptr(), blob.data.cast(), student.len());
            check(facelite_inspect(blob.data, student.len(), &mut info))?;
            let memory = Block::new(info.model_bytes);
            check(facelite_model_init(memory.data, info.model_bytes, blob.data, student.len(), &mut handle))?;
            Ok(Arc::new(Model { handle, info, _memory: memory, _blob: blob }))
        }
    }
}

/// One character.
pub struct Stream {
    handle: *mut c_void,
    scratch: Block,
    _memory: Block,
    model: Arc<Model>,
}

// Any thread, one at a time: pushing takes `&mut`.
unsafe impl Send for Stream {}

impl Stream {
    /// `hz`: rate of the audio that it will hear.
    pub fn new(model: &Arc<Model>, hz: u32) -> Result<Stream, Error> {
        let bytes = unsafe { facelite_stream_bytes(model.handle, hz) };
        let memory = Block::new(bytes);
        let mut handle = ptr::null_mut();
        unsafe {
            check(facelite_stream_init(memory.data, bytes, model.handle, &mut handle))?;
            check(facelite_stream_set_rate(handle, hz))?;
        }
        let scratch = Block::new(model.info.scratch_bytes);
        Ok(Stream { handle, scratch, _memory: memory, model: Arc::clone(model) })
    }

    pub fn controls(&self) -> usize {
        self.model.info.controls as usize
    }

    pub fn latency(&self) -> Latency {
        let mut latency = Latency::default();
        let status = unsafe { facelite_stream_latency(self.handle, &mut latency) };
        debug_assert_eq!(status, 0);
        latency
    }

    /// Frames that a push of so many samples would return now.
    pub fn frames_for(&self, samples: usize) -> usize {
        unsafe { facelite_stream_frames_for(self.handle, samples) }
    }

    /// Frames that a flush would return now.
    pub fn frames_pending(&self) -> usize {
        unsafe { facelite_stream_frames_pending(self.handle) }
    }

    /// Hears `pcm`; stores the frames whose audio is complete and returns how many.
    pub fn push(&mut self, pcm: &[i16], frames: &mut [f32]) -> Result<usize, Error> {
        let (mut written, room) = (0, frames.len() / self.controls());
        check(unsafe {
            facelite_stream_push_i16(
                self.handle,
                self.scratch.data,
                pcm.as_ptr(),
                pcm.len(),
                frames.as_mut_ptr(),
                room,
                &mut written,
            )
        })?;
        Ok(written)
    }

    /// The clip has ended: stores the frames still owed and returns how many.
    pub fn flush(&mut self, frames: &mut [f32]) -> Result<usize, Error> {
        let (mut written, room) = (0, frames.len() / self.controls());
        check(unsafe {
            facelite_stream_flush(self.handle, self.scratch.data, frames.as_mut_ptr(), room, &mut written)
        })?;
        Ok(written)
    }

    /// The face at a second of the clip's clock.
    pub fn sample(&self, seconds: f64, face: &mut [f32]) -> Result<(), Error> {
        assert!(face.len() >= self.controls());
        check(unsafe { facelite_stream_sample(self.handle, seconds, face.as_mut_ptr()) })
    }

    /// Stops speech: the face leaves its pose at `at` for what comes next, over `fade` seconds.
    pub fn stop(&mut self, at: f64, fade: f64) -> Result<(), Error> {
        check(unsafe { facelite_stream_stop(self.handle, at, fade) })
    }
}
