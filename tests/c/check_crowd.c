/* Crowds on every tier: the oracle's frames for each character, exact refusals, no memory beyond what was asked for;
 * and threads that share one model, each with streams of its own and no lock (run under TSan by the preset `tsan`). */
#include <stdlib.h>

#include "bench/synthetic.h"
#include "check.h"
#include "facelite/facelite.h"

#if !defined(_WIN32) && !defined(__wasi__)
#  define FACELITE_THREADS 1
#  include <pthread.h>
#endif

enum { CHARACTERS = 11, THREADS = 4 };

typedef struct fixture {
    file pcm, expected;
    facelite_info info;
    const facelite_model *model;
} fixture;

/* What one thread owns. */
typedef struct crowd {
    const fixture *shared;
    size_t count;
    facelite_stream *streams[CHARACTERS];
    float *frames[CHARACTERS], *at[CHARACTERS];
    void *scratch;
    int wrong; /* refused calls, and characters with wrong frames */
} crowd;

static void open_crowd(crowd *c, const fixture *shared, size_t count) {
    memset(c, 0, sizeof *c);
    c->shared = shared;
    c->count = count;
    c->scratch = aligned_zeroed(facelite_streams_scratch_bytes(shared->model, count));
    for (size_t i = 0; i < count; i++) {
        void *memory = aligned_zeroed(shared->info.stream_bytes);
        c->wrong += facelite_stream_init(memory, shared->info.stream_bytes, shared->model, &c->streams[i]) != FACELITE_OK;
        c->frames[i] = aligned_zeroed(shared->expected.length);
    }
}

static void close_crowd(crowd *c) {
    for (size_t i = 0; i < c->count; i++) {
        aligned_free(c->streams[i]);
        aligned_free(c->frames[i]);
    }
    aligned_free(c->scratch);
}

/* The whole clip to all characters, `piece` samples at a time, and a flush of each. */
static void animate(crowd *c, size_t piece) {
    const size_t samples = c->shared->pcm.length / 2, controls = c->shared->info.controls;
    const size_t room = c->shared->expected.length / sizeof(float) / controls;
    const int16_t *pcm[CHARACTERS];
    size_t written[CHARACTERS], one;
    memcpy(c->at, c->frames, sizeof c->at);
    for (size_t start = 0; start < samples; start += piece) {
        const size_t now = samples - start < piece ? samples - start : piece;
        const size_t wanted = facelite_stream_frames_for(c->streams[0], now);
        for (size_t i = 0; i < c->count; i++) {
            pcm[i] = (const int16_t *)c->shared->pcm.bytes + start;
        }
        c->wrong += facelite_streams_step_i16(c->streams, c->count, c->scratch, pcm, now, c->at, wanted, written) !=
                    FACELITE_OK;
        for (size_t i = 0; i < c->count; i++) {
            c->wrong += written[i] != wanted;
            c->at[i] += written[i] * controls;
        }
    }
    for (size_t i = 0; i < c->count; i++) {
        c->wrong += facelite_stream_flush(c->streams[i], c->scratch, c->at[i], room, &one) != FACELITE_OK;
        c->wrong += memcmp(c->frames[i], c->shared->expected.bytes, c->shared->expected.length) != 0;
        memset(c->frames[i], 0, c->shared->expected.length);
    }
}

static void check_members(const fixture *shared) {
    static const size_t pieces[] = {1, 24, 25, 1009, 100000};
    for (size_t count = 1; count <= CHARACTERS; count += 5) {
        crowd c;
        open_crowd(&c, shared, count);
        for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
            animate(&c, pieces[p]);
            CHECK(c.wrong == 0, "%s: %zu characters, pieces of %zu", facelite_model_isa(shared->model), count,
                  pieces[p]);
        }
        close_crowd(&c);
    }
}

static void check_refusals(const fixture *shared) {
    crowd c;
    open_crowd(&c, shared, 2);
    const int16_t *pcm[2] = {shared->pcm.bytes, NULL};
    size_t written[2] = {7, 7};
    const size_t samples = shared->pcm.length / 2, ready = facelite_stream_frames_for(c.streams[0], samples);
    CHECK(facelite_streams_step_i16(c.streams, 2, c.scratch, pcm, samples, c.frames, ready, written) ==
              FACELITE_E_ARGUMENT, "no pcm for one");
    pcm[1] = pcm[0];
    CHECK(facelite_streams_step_i16(c.streams, 2, c.scratch, pcm, samples, c.frames, ready - 1, written) ==
              FACELITE_E_CAPACITY, "no room");
    CHECK(facelite_streams_step_i16(c.streams, 2, (uint8_t *)c.scratch + 1, pcm, samples, c.frames, ready, written) ==
              FACELITE_E_MEMORY, "unaligned scratch");
    CHECK(facelite_streams_step_f32(NULL, 2, c.scratch, NULL, 0, c.frames, 0, written) == FACELITE_E_ARGUMENT, "null");
    facelite_stream *const twice[2] = {c.streams[0], c.streams[0]}, *const nobody[2] = {c.streams[0], NULL};
    CHECK(facelite_streams_step_i16(twice, 2, c.scratch, pcm, samples, c.frames, ready, written) ==
              FACELITE_E_ARGUMENT, "one stream twice");
    CHECK(facelite_streams_step_i16(nobody, 2, c.scratch, pcm, samples, c.frames, ready, written) ==
              FACELITE_E_ARGUMENT, "no stream");
    CHECK(facelite_streams_step_i16(c.streams, 0, c.scratch, pcm, samples, c.frames, 0, written) == FACELITE_OK,
          "nobody is fine");
    CHECK(written[0] == 7 && written[1] == 7, "a refused call writes nothing");
    animate(&c, 100000);
    CHECK(c.wrong == 0, "and nothing was consumed");
    close_crowd(&c);
}

#if defined(FACELITE_THREADS)
static void *speak(void *own) {
    for (int round = 0; round < 3; round++) {
        animate(own, 211);
    }
    return NULL;
}

static void check_threads(const fixture *shared) {
    pthread_t threads[THREADS];
    crowd crowds[THREADS];
    for (size_t t = 0; t < THREADS; t++) {
        open_crowd(&crowds[t], shared, 1 + 3 * t);
        CHECK(pthread_create(&threads[t], NULL, speak, &crowds[t]) == 0, "thread");
    }
    for (size_t t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        CHECK(crowds[t].wrong == 0, "%s: thread %zu", facelite_model_isa(shared->model), t);
        close_crowd(&crowds[t]);
    }
}
#endif

int main(void) {
    const file blob = read_data("zoo.facelite");
    fixture shared = {read_data("zoo.pcm"), read_data("zoo.frames"), {0}, NULL};
    CHECK(facelite_inspect(blob.bytes, blob.length, &shared.info) == FACELITE_OK, "fixture");
    for (uint32_t t = 0; facelite_isa_available(t); t++) {
        void *memory = aligned_zeroed(shared.info.model_bytes);
        CHECK(facelite_isa_force(facelite_isa_available(t)) == FACELITE_OK, "force");
        CHECK(facelite_model_init(memory, shared.info.model_bytes, blob.bytes, blob.length, &shared.model) ==
                  FACELITE_OK, "model");
        check_members(&shared);
        check_refusals(&shared);
#if defined(FACELITE_THREADS)
        check_threads(&shared);
#endif
        aligned_free(memory);
    }
    aligned_free(blob.bytes);
    aligned_free(shared.pcm.bytes);
    aligned_free(shared.expected.bytes);
    return finish("crowd");
}
