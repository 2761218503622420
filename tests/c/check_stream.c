/* Streaming on every tier: the oracle's frames, whatever the split; exact counts; refusals that change nothing; no
 * allocation after init. */
#include <stdlib.h>

#include "bench/synthetic.h"
#include "check.h"
#include "facelite/facelite.h"

static int trap_armed = 0;

#if defined(FACELITE_MALLOC_TRAP) /* the linker sends the library's calls here (--wrap) */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

void *__wrap_malloc(size_t bytes) {
    CHECK(!trap_armed, "malloc");
    return __real_malloc(bytes);
}
void *__wrap_calloc(size_t count, size_t bytes) {
    CHECK(!trap_armed, "calloc");
    return __real_calloc(count, bytes);
}
void *__wrap_realloc(void *memory, size_t bytes) {
    CHECK(!trap_armed, "realloc");
    return __real_realloc(memory, bytes);
}
#endif

typedef struct student {
    facelite_info info;
    const facelite_model *model;
    facelite_stream *stream;
    void *memory, *character, *scratch;
} student;

static student open_student(const file *blob) {
    student s;
    memset(&s, 0, sizeof s);
    CHECK(facelite_inspect(blob->bytes, blob->length, &s.info) == FACELITE_OK, "fixture");
    s.memory = aligned_zeroed(s.info.model_bytes);
    s.character = aligned_zeroed(s.info.stream_bytes);
    s.scratch = aligned_zeroed(s.info.scratch_bytes);
    CHECK(facelite_model_init(s.memory, s.info.model_bytes - 1, blob->bytes, blob->length, &s.model) ==
              FACELITE_E_MEMORY, "a byte short");
    CHECK(facelite_model_init(s.memory, s.info.model_bytes, blob->bytes, blob->length, &s.model) == FACELITE_OK, "model");
    CHECK(facelite_stream_init(s.character, s.info.stream_bytes - 1, s.model, &s.stream) == FACELITE_E_MEMORY,
          "a byte short");
    CHECK(facelite_stream_init(s.character, s.info.stream_bytes, s.model, &s.stream) == FACELITE_OK, "stream");
    return s;
}

static void close_student(student *s) {
    aligned_free(s->memory);
    aligned_free(s->character);
    aligned_free(s->scratch);
}

/* All frames of `pcm` pushed `piece` samples at a time, with every count foretold. */
static size_t animate(student *s, const int16_t *pcm, size_t samples, size_t piece, float *frames, size_t room) {
    size_t total = 0, written = 0;
    for (size_t at = 0; at < samples; at += piece) {
        const size_t now = samples - at < piece ? samples - at : piece;
        const size_t foretold = facelite_stream_frames_for(s->stream, now);
        CHECK(facelite_stream_push_i16(s->stream, s->scratch, pcm + at, now, frames + total * s->info.controls,
                                       room - total, &written) == FACELITE_OK, "push");
        CHECK(written == foretold, "foretold %zu, got %zu", foretold, written);
        total += written;
    }
    const size_t pending = facelite_stream_frames_pending(s->stream);
    CHECK(facelite_stream_flush(s->stream, s->scratch, frames + total * s->info.controls, room - total, &written) ==
              FACELITE_OK, "flush");
    CHECK(written == pending, "foretold %zu, got %zu", pending, written);
    return total + written;
}

static void check_splits(student *s, const file *pcm, const file *expected, float *frames) {
    static const size_t pieces[] = {1, 2, 3, 7, 23, 24, 25, 61, 127, 1009, 100000};
    const size_t samples = pcm->length / 2, frame = s->info.controls * sizeof(float);
    const size_t wanted = expected->length / frame;
    CHECK(wanted == (samples + s->info.hop - 1) / s->info.hop, "%zu frames", wanted);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        memset(frames, 0, expected->length);
        const size_t total = animate(s, pcm->bytes, samples, pieces[i], frames, wanted);
        CHECK(total == wanted, "%zu frames", total);
        CHECK(memcmp(frames, expected->bytes, expected->length) == 0, "%s, pieces of %zu",
              facelite_model_isa(s->model), pieces[i]);
    }
}

/* Every length has ceil(length / hop) frames, with smoothing and without. */
static void check_counts(student *s, const file *pcm, float *frames, size_t room) {
    for (int smoothing = 0; smoothing < 2; smoothing++) {
        CHECK(facelite_stream_set_smoothing(s->stream, smoothing) == FACELITE_OK, "smoothing");
        for (size_t samples = 0; samples < 5 * s->info.hop; samples++) {
            const size_t total = animate(s, pcm->bytes, samples, 11, frames, room);
            CHECK(total == (samples + s->info.hop - 1) / s->info.hop, "%zu samples: %zu frames", samples, total);
        }
    }
    facelite_stream_set_smoothing(s->stream, (int)s->info.smoothing);
}

static void check_refusals(student *s, const file *pcm, const file *expected, float *frames) {
    const size_t samples = pcm->length / 2;
    const size_t ready = facelite_stream_frames_for(s->stream, samples);
    size_t written = 77;
    CHECK(facelite_stream_push_i16(s->stream, s->scratch, pcm->bytes, samples, frames, ready - 1, &written) ==
              FACELITE_E_CAPACITY, "no room");
    CHECK(facelite_stream_push_i16(s->stream, NULL, pcm->bytes, samples, frames, ready, &written) ==
              FACELITE_E_ARGUMENT, "no scratch");
    CHECK(facelite_stream_push_i16(s->stream, (uint8_t *)s->scratch + 1, pcm->bytes, samples, frames, ready,
                                   &written) == FACELITE_E_MEMORY, "unaligned scratch");
    CHECK(facelite_stream_push_i16(s->stream, s->scratch, NULL, samples, frames, ready, &written) ==
              FACELITE_E_ARGUMENT, "no pcm");
    CHECK(written == 77, "a refused call writes nothing");
    CHECK(facelite_stream_push_i16(s->stream, s->scratch, NULL, 0, NULL, 0, &written) == FACELITE_OK && written == 0,
          "nothing at all is fine");
    check_splits(s, pcm, expected, frames); /* and nothing was consumed */
}

/* A second flush of the same clip owes nothing, and the next clip starts as any other. */
static void check_second_flush(student *s, const file *pcm, float *frames, size_t room) {
    const size_t samples = pcm->length / 2;
    size_t written = 77;
    CHECK(facelite_stream_set_smoothing(s->stream, 1) == FACELITE_OK, "smoothing");
    const size_t total = animate(s, pcm->bytes, samples, 24, frames, room / 2);
    CHECK(facelite_stream_flush(s->stream, s->scratch, frames, 0, &written) == FACELITE_OK && written == 0, "flush");
    float *again = frames + total * s->info.controls;
    CHECK(animate(s, pcm->bytes, samples, 24, again, room / 2) == total, "frames");
    CHECK(memcmp(frames, again, total * s->info.controls * sizeof(float)) == 0, "the same clip");
    facelite_stream_set_smoothing(s->stream, (int)s->info.smoothing);
}

/* Samples and stops refuse what is no time, and neither allocates; a stopped stream rests, then hears as a new one. */
static void check_face(student *s, const file *pcm, const file *expected, float *frames) {
    const double nan = strtod("nan", NULL);
    float face[64], pose[64];
    size_t written;
    CHECK(s->info.controls <= 64, "fixture");
    CHECK(facelite_stream_sample(s->stream, nan, face) == FACELITE_E_ARGUMENT, "NaN");
    CHECK(facelite_stream_sample(s->stream, 0, NULL) == FACELITE_E_ARGUMENT, "no frame");
    CHECK(facelite_stream_stop(s->stream, nan, 1) == FACELITE_E_ARGUMENT, "NaN");
    CHECK(facelite_stream_stop(s->stream, 0, nan) == FACELITE_E_ARGUMENT, "NaN");
    CHECK(facelite_stream_stop(s->stream, 0, -1) == FACELITE_E_ARGUMENT, "a negative fade");
    const size_t count = facelite_stream_frames_for(s->stream, pcm->length / 2);
    CHECK(facelite_stream_push_i16(s->stream, s->scratch, pcm->bytes, pcm->length / 2, frames, count, &written) ==
              FACELITE_OK, "push");
    CHECK(facelite_stream_sample(s->stream, 1e300, pose) == FACELITE_OK, "sample");
    CHECK(memcmp(pose, frames + (count - 1) * s->info.controls, s->info.controls * sizeof(float)) == 0, "the newest");
    CHECK(facelite_stream_stop(s->stream, 1e300, 0.5) == FACELITE_OK, "stop");
    CHECK(facelite_stream_sample(s->stream, 0, face) == FACELITE_OK, "sample");
    CHECK(memcmp(pose, face, s->info.controls * sizeof(float)) == 0, "no jump");
    CHECK(facelite_stream_reset(s->stream) == FACELITE_OK, "reset");
    check_splits(s, pcm, expected, frames);
}

int main(void) {
    const file blob = read_data("zoo.facelite"), pcm = read_data("zoo.pcm"), expected = read_data("zoo.frames");
    const size_t room = 2 * (expected.length / sizeof(float) + 64);
    float *frames = aligned_zeroed(room * sizeof(float));
    for (uint32_t t = 0; facelite_isa_available(t); t++) {
        CHECK(facelite_isa_force(facelite_isa_available(t)) == FACELITE_OK, "force");
        student s = open_student(&blob);
        trap_armed = 1;
        check_splits(&s, &pcm, &expected, frames);
        check_counts(&s, &pcm, frames, room / s.info.controls);
        check_second_flush(&s, &pcm, frames, room / s.info.controls);
        check_refusals(&s, &pcm, &expected, frames);
        check_face(&s, &pcm, &expected, frames);
        trap_armed = 0;
        close_student(&s);
    }
    aligned_free(frames);
    aligned_free(blob.bytes);
    aligned_free(pcm.bytes);
    aligned_free(expected.bytes);
    return finish("stream");
}
