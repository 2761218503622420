/* facelite: speech in, animation curves out, on the device.
 *
 * A model is a read-only view of a `student.facelite` blob and may be shared by any number of threads. A stream
 * is one character. Both live in memory that the caller gives: ask for the size, hand over a block aligned to
 * FACELITE_ALIGNMENT, and nothing is ever allocated, printed, locked or aborted by this library. Every function
 * after init is safe on an audio thread. Scratch belongs to a thread, not to a character: one block of
 * facelite_info.scratch_bytes serves all the streams of a model that the thread steps, one after another.
 *
 *     facelite_info info;
 *     if (facelite_inspect(blob, blob_bytes, &info) != FACELITE_OK) ...
 *     facelite_model_init(model_memory, info.model_bytes, blob, blob_bytes, &model);
 *     facelite_stream_init(stream_memory, info.stream_bytes, model, &stream);
 *     facelite_stream_push_f32(stream, scratch, pcm, 256, frames, capacity, &count);
 */
#ifndef FACELITE_H
#define FACELITE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(FACELITE_API)
/* the includer's own */
#elif defined(__GNUC__)
#  define FACELITE_API __attribute__((visibility("default")))
#else
#  define FACELITE_API /* a DLL is linked by a list of these functions, and needs no more to be called */
#endif

/* Library version; the ABI is stable within a major version, before 1.0 within a minor one. */
#define FACELITE_VERSION_MAJOR 0
#define FACELITE_VERSION_MINOR 1
#define FACELITE_VERSION_PATCH 0

/* Alignment, in bytes, of every block of memory handed to the library, the blob included. */
#define FACELITE_ALIGNMENT 64

typedef enum facelite_status {
    FACELITE_OK = 0,
    FACELITE_E_ARGUMENT = 1,  /* a null pointer, or a value outside its documented range */
    FACELITE_E_MEMORY = 2,    /* a block is too small or not aligned to FACELITE_ALIGNMENT */
    FACELITE_E_MAGIC = 3,     /* not a facelite blob */
    FACELITE_E_VERSION = 4,   /* a blob of a format version this library does not read */
    FACELITE_E_TRUNCATED = 5, /* the blob ends before its header says it does, or goes on after */
    FACELITE_E_CHECKSUM = 6,  /* a byte of the blob was changed */
    FACELITE_E_CORRUPT = 7,   /* the checksum holds but a field is out of its range */
    FACELITE_E_CAPACITY = 8,  /* the frame buffer cannot hold what the call would return; nothing was consumed */
    FACELITE_E_ISA = 9        /* the instruction set asked for is unknown, not built in, or not on this CPU */
} facelite_status;

/* One line of English for a status; never null. */
FACELITE_API const char *facelite_strerror(facelite_status status);

/* "0.1.0". */
FACELITE_API const char *facelite_version(void);

/* What a blob holds and what running it takes. The device calls this function, and so do the Python tools. */
typedef struct facelite_info {
    uint32_t sample_rate;      /* Hz */
    uint32_t window;           /* samples a windowed runtime is given for one frame */
    uint32_t lookahead;        /* samples of future audio in that window */
    uint32_t hop;              /* samples between two frames */
    uint32_t receptive_field;  /* samples a frame depends on, at most window */
    uint32_t controls;         /* floats in a frame */
    uint32_t smoothing;        /* 1: streams average three frames unless told otherwise */
    uint32_t ops;              /* operators in the graph */
    uint64_t parameters;       /* weights and biases */
    uint64_t macs_per_hop;     /* multiply-accumulates of the convolutions for one frame */
    size_t weight_bytes;       /* packed int8 weights in the blob, padding included */
    size_t blob_bytes;         /* length of the blob */
    size_t model_bytes;        /* memory for facelite_model_init, once per model */
    size_t stream_bytes;       /* memory for facelite_stream_init, once per character */
    size_t scratch_bytes;      /* scratch for a push or a flush, once per thread */
    size_t stack_bytes;        /* upper bound on the stack of any call, as -fstack-usage proves it */
} facelite_info;

typedef struct facelite_model facelite_model;
typedef struct facelite_stream facelite_stream;

/* Checks the whole blob, checksum and every offset, and fills `info`. Reads nothing outside the blob.
 * blob: aligned to FACELITE_ALIGNMENT; blob_bytes: its exact length. */
FACELITE_API facelite_status facelite_inspect(const void *blob, size_t blob_bytes, facelite_info *info);

/* Makes a model in `memory` (at least info.model_bytes). The blob is used in place and must outlive the model. */
FACELITE_API facelite_status facelite_model_init(void *memory, size_t memory_bytes, const void *blob,
                                                 size_t blob_bytes, const facelite_model **model);

/* As facelite_inspect, from a model. */
FACELITE_API facelite_status facelite_model_info(const facelite_model *model, facelite_info *info);

/* Name of control `index` (0 .. info.controls - 1), ASCII, owned by the blob; null when out of range. */
FACELITE_API const char *facelite_control_name(const facelite_model *model, uint32_t index);

/* Makes a stream in `memory` (at least info.stream_bytes), reset. The model must outlive it. A stream may be
 * moved between threads but not used by two at once. */
FACELITE_API facelite_status facelite_stream_init(void *memory, size_t memory_bytes, const facelite_model *model,
                                                  facelite_stream **stream);

/* The model that the stream was made of; null for null. */
FACELITE_API const facelite_model *facelite_stream_model(const facelite_stream *stream);

/* Forgets all audio: the stream stands as if silence had always been there. One memory copy. */
FACELITE_API facelite_status facelite_stream_reset(facelite_stream *stream);

/* 1: a frame becomes the mean of itself and its two neighbours, one hop later. 0: off. Resets the stream. */
FACELITE_API facelite_status facelite_stream_set_smoothing(facelite_stream *stream, int enabled);

/* Memory for a stream that hears audio at `hz`: info.stream_bytes at the model's own rate, up to 2 KiB more where it
 * is resampled. 0 when it cannot be: a model of 16 kHz hears 8000, 11025, 16000, 22050, 24000, 32000, 44100 and
 * 48000 Hz, any other model only its own rate. */
FACELITE_API size_t facelite_stream_bytes(const facelite_model *model, uint32_t hz);

/* From now on pushes are at `hz`. The stream must have been made in facelite_stream_bytes(model, hz) of memory; for
 * less the answer is FACELITE_E_MEMORY. Frame i stands at i * hop / info.sample_rate seconds of the input whatever
 * its rate. Resets the stream; a reset keeps the rate. */
FACELITE_API facelite_status facelite_stream_set_rate(facelite_stream *stream, uint32_t hz);

/* How late frames are however fast the CPU, in seconds, as a sum of terms. Pushes longer than a hop, audio buffers
 * and processing come on top. */
typedef struct facelite_latency {
    double lookahead; /* audio after the frame that the model hears */
    double smoothing; /* the frame after it, for the mean of three */
    double hop;       /* audio is collected one hop at a time */
    double resampler; /* half of the resampling filter, when the input is not at the model's rate */
} facelite_latency;
FACELITE_API facelite_status facelite_stream_latency(const facelite_stream *stream, facelite_latency *latency);

/* How many frames a push of `samples` would return now; exact. */
FACELITE_API size_t facelite_stream_frames_for(const facelite_stream *stream, size_t samples);

/* How many frames a flush would return now; exact. */
FACELITE_API size_t facelite_stream_frames_pending(const facelite_stream *stream);

/* Hears `samples` samples and returns the frames whose audio is now complete, oldest first.
 * scratch: info.scratch_bytes aligned to FACELITE_ALIGNMENT, content irrelevant.
 * pcm: samples at info.sample_rate or the rate set; float in -1..1 (beyond is clipped, NaN counts as 0), or int16.
 * frames: float [frame_capacity][info.controls]; written: how many frames were stored.
 * At the model's rate frame i stands at sample i * hop and depends on samples before i * hop + lookahead (plus a hop
 * if smoothed). */
FACELITE_API facelite_status facelite_stream_push_f32(facelite_stream *stream, void *scratch, const float *pcm,
                                                      size_t samples, float *frames, size_t frame_capacity,
                                                      size_t *written);
FACELITE_API facelite_status facelite_stream_push_i16(facelite_stream *stream, void *scratch, const int16_t *pcm,
                                                      size_t samples, float *frames, size_t frame_capacity,
                                                      size_t *written);

/* The clip has ended: silence follows. Returns the frames still owed, ceil(seconds pushed * info.sample_rate / hop) in all, and
 * resets the stream; its frames can be sampled until the next push. Arguments as for push. */
FACELITE_API facelite_status facelite_stream_flush(facelite_stream *stream, void *scratch, float *frames,
                                                   size_t frame_capacity, size_t *written);

/* Scratch for facelite_streams_step_* with `count` characters, once per thread. */
FACELITE_API size_t facelite_streams_scratch_bytes(const facelite_model *model, size_t count);

/* A push to each of `count` characters of one model at once, with the same frames: the weights are read once for
 * several characters. One stream twice is FACELITE_E_ARGUMENT; rates, smoothing and places in a hop may differ. Threads
 * step streams of their own without a lock.
 * scratch: facelite_streams_scratch_bytes(model, count); pcm: [count] pointers to `samples` samples each, at each
 * stream's own rate; frames: [count] pointers to float [frame_capacity][info.controls]; written: [count].
 * When it is refused, nothing was consumed. */
FACELITE_API facelite_status facelite_streams_step_f32(facelite_stream *const *streams, size_t count, void *scratch,
                                                       const float *const *pcm, size_t samples,
                                                       float *const *frames, size_t frame_capacity,
                                                       size_t *written);
FACELITE_API facelite_status facelite_streams_step_i16(facelite_stream *const *streams, size_t count, void *scratch,
                                                       const int16_t *const *pcm, size_t samples,
                                                       float *const *frames, size_t frame_capacity,
                                                       size_t *written);

/* The face at game time `seconds`, on the clock of this clip: 0 is the first sample pushed since the stream was made,
 * reset or stopped, or after a flush. Between two frames it is interpolated; before the oldest frame that is kept (the
 * newest 10 are, 8 if smoothed) and after the newest one the ends hold, and before the first one it is the rest pose,
 * the face that silence makes. A game shows the moment that is heard now; its frames are out when it hands audio over
 * at least facelite_stream_latency before it is heard. seconds: not NaN; frame: float [info.controls]. */
FACELITE_API facelite_status facelite_stream_sample(const facelite_stream *stream, double seconds, float *frame);

/* Stops speech: forgets all audio, and the face leaves its pose at `at` seconds of the clock so far (INFINITY: the
 * newest frame) for what comes next, linearly over `fade` seconds, 0 .. 3600. The clock starts afresh. What comes next
 * is the rest pose until audio is pushed, and the frames of that audio then: a stop alone decays to neutral, a stop
 * and a push are an interruption without a jump. Pushes and samples fade alike. */
FACELITE_API facelite_status facelite_stream_stop(facelite_stream *stream, double at, double fade);

/* Instruction sets. A model runs on the best one the CPU has, or on the one forced for the process by the
 * environment variable FACELITE_ISA or by this call, which must come before facelite_model_init.
 * name: "ref", "avx2", ...; null goes back to the best. */
FACELITE_API facelite_status facelite_isa_force(const char *name);

/* Name of the instruction set that the next facelite_model_init will use; null when FACELITE_ISA names one that
 * this CPU or this build lacks. */
FACELITE_API const char *facelite_isa_selected(void);

/* Name of the instruction set that this model uses. */
FACELITE_API const char *facelite_model_isa(const facelite_model *model);

/* Names of the tiers that are built in and run on this CPU, weakest first; null when out of range. */
FACELITE_API const char *facelite_isa_available(uint32_t index);

#ifdef __cplusplus
}
#endif
#endif
