#include "measure.h"

#include <stdint.h>
#include <stdlib.h>

#include "facelite/facelite_debug.h"
#include "machine.h"

/* One character, and room for what a push returns. */
typedef struct voice {
    facelite_stream *stream;
    block memory, scratch, frames;
} voice;

/* Frames that a push of a hop or a flush may return. */
static size_t room(const subject *of) {
    return of->info.lookahead / of->info.hop + 3;
}

static voice make_voice(const subject *of) {
    voice made = {NULL, make_block(of->info.stream_bytes), make_block(of->info.scratch_bytes),
                  make_block(room(of) * of->info.controls * sizeof(float))};
    check(facelite_stream_init(made.memory.bytes, made.memory.length, of->model, &made.stream), "stream");
    return made;
}

static void free_voice(voice *one) {
    free_block(&one->frames);
    free_block(&one->scratch);
    free_block(&one->memory);
}

subject open_subject(const char *student, const char *recording) {
    subject made = {.blob = read_file(student), .recording = read_file(recording)};
    check(facelite_inspect(made.blob.bytes, made.blob.length, &made.info), student);
    made.memory = make_block(made.info.model_bytes);
    check(facelite_model_init(made.memory.bytes, made.memory.length, made.blob.bytes, made.blob.length, &made.model),
          student);
    made.pcm = made.recording.bytes;
    made.hops = made.recording.length / sizeof(int16_t) / made.info.hop;
    if (made.hops == 0) {
        fail(recording, "is shorter than a hop");
    }
    return made;
}

void close_subject(subject *of) {
    free_block(&of->memory);
    free_block(&of->recording);
    free_block(&of->blob);
}

static double push(const subject *of, voice *one, size_t hop) {
    size_t written;
    const int16_t *pcm = of->pcm + hop % of->hops * of->info.hop;
    const uint64_t start = machine_now();
    const facelite_status status = facelite_stream_push_i16(one->stream, one->scratch.bytes, pcm, of->info.hop,
                                                            one->frames.bytes, 1, &written);
    const uint64_t end = machine_now();
    check(status, "push");
    return (double)(end - start);
}

static int ascending(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double rank(const double *sorted, size_t count, size_t percent) {
    return sorted[(count * percent + 99) / 100 - 1];
}

/* Sorts `taken`. */
static times summary(double *taken, size_t count) {
    double sum = 0.0;
    if (count == 0) {
        return (times){0};
    }
    qsort(taken, count, sizeof *taken, ascending);
    for (size_t i = 0; i < count; i++) {
        sum += taken[i];
    }
    return (times){count, taken[0], rank(taken, count, 50), rank(taken, count, 99), taken[count - 1],
                   sum / (double)count};
}

/* Runs hops of one character; before(context, i) comes ahead of each and is not timed. */
static times measure_hops(const subject *of, size_t hops, void (*before)(void *, size_t), void *context) {
    enum { WARM_UP = 20 };
    voice one = make_voice(of);
    block taken = make_block(hops * sizeof(double));
    for (size_t i = 0; i < WARM_UP; i++) {
        push(of, &one, i);
    }
    for (size_t i = 0; i < hops; i++) {
        before(context, i);
        ((double *)taken.bytes)[i] = push(of, &one, WARM_UP + i);
    }
    const times found = summary(taken.bytes, hops);
    free_block(&taken);
    free_voice(&one);
    return found;
}

static void nothing(void *context, size_t hop) {
    (void)context, (void)hop;
}

static void sweep(void *context, size_t hop) {
    block *other = context;
    for (size_t i = 0; i < other->length; i += 16) {
        ((volatile unsigned char *)other->bytes)[i] = (unsigned char)hop;
    }
}

typedef struct pace {
    uint64_t first, period;
} pace;

static void wait(void *context, size_t hop) {
    pace *of = context;
    of->first = hop == 0 ? machine_now() : of->first;
    machine_sleep_until(of->first + (hop + 1) * of->period);
}

times measure_warm(const subject *of, size_t hops) {
    return measure_hops(of, hops, nothing, NULL);
}

times measure_cold(const subject *of, size_t hops, block *other) {
    return measure_hops(of, hops, sweep, other);
}

times measure_paced(const subject *of, size_t hops) {
    pace at = {0, (uint64_t)of->info.hop * 1000000000u / of->info.sample_rate};
    return measure_hops(of, hops, wait, &at);
}

/* What one thread of a crowd does. */
typedef struct crowd {
    const subject *of;
    size_t characters, steps;
    double *taken; /* [steps] */
} crowd;

static void run_crowd(void *argument) {
    const crowd *mine = argument;
    const subject *of = mine->of;
    const size_t count = mine->characters, hop = of->info.hop;
    block scratch = make_block(facelite_streams_scratch_bytes(of->model, count));
    block voices = make_block(count * sizeof(voice)), streams = make_block(count * sizeof(facelite_stream *));
    block heard = make_block(count * sizeof(int16_t *)), frames = make_block(count * sizeof(float *));
    block written = make_block(count * sizeof(size_t));
    voice *all = voices.bytes;
    for (size_t i = 0; i < count; i++) {
        all[i] = make_voice(of);
        ((facelite_stream **)streams.bytes)[i] = all[i].stream;
        ((float **)frames.bytes)[i] = all[i].frames.bytes;
    }
    for (size_t step = 0; step < mine->steps; step++) {
        for (size_t i = 0; i < count; i++) {
            ((const int16_t **)heard.bytes)[i] = of->pcm + (step + i) % of->hops * hop;
        }
        const uint64_t start = machine_now();
        const facelite_status status = facelite_streams_step_i16(streams.bytes, count, scratch.bytes, heard.bytes, hop,
                                                                 frames.bytes, 1, written.bytes);
        mine->taken[step] = (double)(machine_now() - start);
        check(status, "step");
    }
    for (size_t i = 0; i < count; i++) {
        free_voice(&all[i]);
    }
    block *const own[] = {&written, &frames, &heard, &streams, &voices, &scratch};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        free_block(own[i]);
    }
}

times measure_crowds(const subject *of, size_t threads, size_t characters, size_t steps) {
    block taken = make_block(threads * steps * sizeof(double));
    block crowds = make_block(threads * sizeof(crowd)), arguments = make_block(threads * sizeof(void *));
    for (size_t i = 0; i < threads; i++) {
        ((crowd *)crowds.bytes)[i] = (crowd){of, characters, steps, (double *)taken.bytes + i * steps};
        ((void **)arguments.bytes)[i] = (crowd *)crowds.bytes + i;
    }
    size_t ran = 1;
    if (threads == 1) {
        run_crowd(crowds.bytes);
    } else {
        ran = machine_run_threads(threads, run_crowd, arguments.bytes);
    }
    const times found = summary(taken.bytes, ran == threads ? threads * steps : 0);
    free_block(&arguments);
    free_block(&crowds);
    free_block(&taken);
    return found;
}

typedef struct watch {
    double *taken; /* [ops][hops] */
    size_t hops, hop;
    uint64_t last;
} watch;

static void observe(void *user, uint32_t op, const uint8_t *biased, uint32_t frames, uint32_t channels) {
    (void)biased, (void)frames, (void)channels;
    watch *of = user;
    of->taken[op * of->hops + of->hop] = (double)(machine_now() - of->last);
    of->last = machine_now();
}

block measure_layers(const subject *of, size_t hops) {
    voice one = make_voice(of);
    block codes = make_block(of->info.hop), out = make_block(of->info.controls);
    block taken = make_block(of->info.ops * hops * sizeof(double)), found = make_block(of->info.ops * sizeof(times));
    watch eye = {taken.bytes, hops, 0, 0};
    for (; eye.hop < hops; eye.hop++) {
        const int16_t *pcm = of->pcm + eye.hop % of->hops * of->info.hop;
        check(facelite_debug_codes_i16(of->model, pcm, of->info.hop, codes.bytes), "codes");
        eye.last = machine_now();
        check(facelite_debug_hop(one.stream, one.scratch.bytes, codes.bytes, out.bytes, observe, &eye), "hop");
    }
    for (uint32_t i = 0; i < of->info.ops; i++) {
        ((times *)found.bytes)[i] = summary(eye.taken + i * hops, hops);
    }
    free_block(&taken);
    free_block(&out);
    free_block(&codes);
    free_voice(&one);
    return found;
}

/* What measure_stack runs on painted stack. */
typedef struct clip {
    const subject *of;
    voice one;
} clip;

static void run_clip(void *argument) {
    clip *mine = argument;
    const subject *of = mine->of;
    size_t written;
    for (size_t i = 0; i < of->hops; i++) {
        facelite_stream_push_i16(mine->one.stream, mine->one.scratch.bytes, of->pcm + i * of->info.hop, of->info.hop,
                                 mine->one.frames.bytes, 1, &written);
    }
    check(facelite_stream_flush(mine->one.stream, mine->one.scratch.bytes, mine->one.frames.bytes, room(of), &written),
          "flush");
}

size_t measure_stack(const subject *of) {
    clip one = {of, make_voice(of)};
    const size_t used = machine_stack_used(run_clip, &one);
    free_voice(&one.one);
    return used;
}

double measure_clock(void) {
    enum { TRIALS = 20, READINGS = 100 };
    uint64_t least = UINT64_MAX;
    for (int trial = 0; trial < TRIALS; trial++) {
        const uint64_t start = machine_now();
        for (int i = 0; i < READINGS; i++) {
            (void)machine_now();
        }
        const uint64_t taken = machine_now() - start;
        least = taken < least ? taken : least;
    }
    return (double)least / (double)READINGS;
}
