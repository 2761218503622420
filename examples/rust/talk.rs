//! A face driven from the game thread: the audio thread only hands over copies of what it plays; the game thread owns the
//! stream, pushes what has come, samples the moment that is heard, stops and interrupts.
//!
//!     talk student.facelite speech.s16      speech: int16, mono, at the student's rate
//!
//! Prints the clip's curves, a frame a line.

mod facelite;

use facelite::{Error, Model, Stream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const FADE: f64 = 0.15; // seconds in which a stopped face goes to rest
const BLOCK: usize = 160; // 10 ms at 16 kHz

struct Block {
    utterance: u32, // which speech it is of
    last: bool,
    samples: usize,
    pcm: [i16; BLOCK],
}

/// What the game tells the audio thread.
#[derive(Default)]
struct Orders {
    utterance: AtomicU32, // 0: nothing; another number than before: the clip from its start
    quit: AtomicBool,
    overrun: AtomicBool,
}

/// An audio engine: plays the clip, block by block. The channel is bounded, and a block that finds no room is lost
/// rather than waited for.
fn audio_thread(clip: &[i16], rate: u32, orders: &Orders, blocks: &SyncSender<Block>) {
    let (mut utterance, mut at) = (0, clip.len());
    let mut next = Instant::now();
    while !orders.quit.load(Ordering::Relaxed) {
        let wanted = orders.utterance.load(Ordering::Relaxed);
        if wanted != utterance {
            utterance = wanted;
            at = if wanted == 0 { clip.len() } else { 0 };
        }
        let samples = BLOCK.min(clip.len() - at);
        if samples > 0 {
            let mut block = Block { utterance, last: at + samples == clip.len(), samples, pcm: [0; BLOCK] };
            block.pcm[..samples].copy_from_slice(&clip[at..at + samples]);
            at += samples;
            if blocks.try_send(block).is_err() {
                orders.overrun.store(true, Ordering::Relaxed);
            }
        }
        next += Duration::from_secs_f64(BLOCK as f64 / f64::from(rate));
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// A character of the game.
struct Character<'a> {
    stream: Stream,
    blocks: Receiver<Block>,
    orders: &'a Orders,
    rate: f64,
    latency: f64,
    face: Vec<f32>,
    rest: Vec<f32>,
    utterance: u32,
    speaking: bool,
    ended: bool,
    handed: usize, // samples of this utterance
    since: Instant,
    largest_step: f32, // of a control between two frames of the game
    curves: Vec<f32>,  // all frames of the clip: for the print below, a game does not keep them
}

impl<'a> Character<'a> {
    fn new(model: &Arc<Model>, blocks: Receiver<Block>, orders: &'a Orders) -> Result<Self, Error> {
        let stream = Stream::new(model, model.info.sample_rate)?;
        let mut rest = vec![0.0; stream.controls()];
        stream.sample(0.0, &mut rest)?; // before speech: the face that silence makes
        Ok(Character {
            blocks,
            orders,
            rate: f64::from(model.info.sample_rate),
            latency: stream.latency().total(),
            face: rest.clone(),
            rest,
            utterance: 0,
            speaking: false,
            ended: false,
            handed: 0,
            since: Instant::now(),
            largest_step: 0.0,
            curves: Vec::new(),
            stream,
        })
    }

    /// Speaks the clip; if it speaks already, it interrupts itself without a jump.
    fn speak(&mut self) -> Result<(), Error> {
        self.leave()?;
        self.utterance += 1;
        self.orders.utterance.store(self.utterance, Ordering::Relaxed);
        self.speaking = true;
        Ok(())
    }

    fn stop(&mut self) -> Result<(), Error> {
        self.leave()?;
        self.orders.utterance.store(0, Ordering::Relaxed);
        self.since = Instant::now();
        self.speaking = false;
        Ok(())
    }

    /// Once a frame of the game. Returns the second that is shown.
    fn update(&mut self) -> Result<f64, Error> {
        while let Ok(block) = self.blocks.try_recv() {
            if self.speaking && block.utterance == self.utterance {
                self.hear(&block)?; // others are of speech that was interrupted
            }
        }
        let seconds = self.heard();
        let shown = self.face.clone();
        self.stream.sample(seconds, &mut self.face)?; // here a game sets its morph targets
        let steps = self.face.iter().zip(&shown).map(|(now, before)| (now - before).abs());
        self.largest_step = steps.fold(self.largest_step, f32::max);
        Ok(seconds)
    }

    fn at_rest(&self) -> bool {
        self.face == self.rest
    }

    fn leave(&mut self) -> Result<(), Error> {
        if self.speaking {
            self.stream.stop(self.heard(), FADE)?;
        }
        self.handed = 0;
        self.ended = false;
        self.curves.clear();
        Ok(())
    }

    fn hear(&mut self, block: &Block) -> Result<(), Error> {
        self.handed += block.samples;
        let pcm = &block.pcm[..block.samples];
        let first = self.curves.len();
        let coming = self.stream.frames_for(pcm.len());
        self.curves.resize(first + coming * self.stream.controls(), 0.0);
        self.stream.push(pcm, &mut self.curves[first..])?;
        if block.last {
            let first = self.curves.len();
            let coming = self.stream.frames_pending();
            self.curves.resize(first + coming * self.stream.controls(), 0.0);
            self.stream.flush(&mut self.curves[first..])?;
            self.since = Instant::now();
            self.ended = true;
        }
        Ok(())
    }

    /// Seconds of the clip's clock that are heard now: sound is delayed by the latency. After the clip, and when the face
    /// has been stopped, nothing is handed over and the clock goes on by itself.
    fn heard(&self) -> f64 {
        let after = self.since.elapsed().as_secs_f64();
        if !self.speaking {
            return after;
        }
        let seconds = self.handed as f64 / self.rate - self.latency;
        if self.ended {
            seconds + after
        } else {
            seconds
        }
    }
}

/// The game, 60 frames a second, until a moment after `seconds` is shown. Returns the largest step since.
fn show(character: &mut Character, seconds: f64) -> Result<f32, Error> {
    character.largest_step = 0.0;
    loop {
        thread::sleep(Duration::from_micros(16667));
        if character.update()? > seconds {
            return Ok(character.largest_step);
        }
    }
}

fn print(curves: &[f32], controls: usize) {
    for frame in curves.chunks(controls) {
        let values: Vec<String> = frame.iter().map(f32::to_string).collect(); // the shortest text that reads back alike
        println!("{}", values.join(" "));
    }
}

fn play(character: &mut Character, clip: f64) -> Result<bool, Error> {
    character.speak()?;
    eprintln!("speech: largest step {:.3}", show(character, clip)?);
    print(&character.curves, character.rest.len());
    character.speak()?;
    show(character, clip / 2.0)?;
    character.speak()?;
    eprintln!("interruption: largest step {:.3}", show(character, clip / 2.0)?);
    character.stop()?;
    show(character, FADE)?;
    eprintln!("stop: {}", if character.at_rest() { "at rest" } else { "NOT at rest" });
    Ok(character.at_rest())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let (student, speech) = match words.as_slice() {
        [_, student, speech] => (student, speech),
        _ => return Err("usage: talk student.facelite speech.s16".into()),
    };
    let model = Model::new(&std::fs::read(student)?)?;
    let bytes = std::fs::read(speech)?;
    let clip: Vec<i16> = bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    let (rate, orders) = (model.info.sample_rate, Orders::default());
    let (sender, blocks) = sync_channel(256);

    let mut character = Character::new(&model, blocks, &orders)?;
    let rests = thread::scope(|threads| {
        threads.spawn(|| audio_thread(&clip, rate, &orders, &sender));
        let rests = play(&mut character, clip.len() as f64 / f64::from(rate));
        orders.quit.store(true, Ordering::Relaxed);
        rests
    })?;
    if orders.overrun.load(Ordering::Relaxed) {
        return Err("the game thread fell behind by more than the channel holds".into());
    }
    if rests {
        Ok(())
    } else {
        Err("the stopped face is not at rest".into())
    }
}
