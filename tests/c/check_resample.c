/* Resampling: the same bits on every machine and for any split, counts foretold, refusals, memory never exceeded. */
#include <stdlib.h>

#include "bench/synthetic.h"
#include "check.h"
#include "facelite/facelite.h"
#include "facelite/facelite_debug.h"

enum { SAMPLES = 6000, ROOM = 2 * SAMPLES + 1 };

/* FNV-1a of the bits of what the resampler makes of the same noise at each rate; one number for every compiler, CPU
 * and instruction set. tests/kernels/test_resample.py says that the values are right. */
static const struct {
    uint32_t hz, hash;
} expected[] = {
    {8000, 0xa750eefc},  {11025, 0x690167b0}, {22050, 0x6a9bdd72}, {24000, 0x21b0cfd4},
    {32000, 0x2de59ae8}, {44100, 0x98982430}, {48000, 0x8e26ed14},
};

static uint32_t hash(const float *values, size_t count) {
    uint32_t state = 2166136261u;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int shift = 0; shift < 32; shift += 8) {
            state = (state ^ (bits >> shift & 0xffu)) * 16777619u;
        }
    }
    return state;
}

static void check_bits(facelite_stream *stream, const float *pcm, uint32_t wanted, float *out) {
    static const size_t pieces[] = {SAMPLES, 1, 129, 777};
    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
        size_t total = 0, made = 0;
        facelite_stream_reset(stream);
        for (size_t at = 0; at < SAMPLES; at += pieces[p]) {
            const size_t now = SAMPLES - at < pieces[p] ? SAMPLES - at : pieces[p];
            size_t room = 0; /* exactly as much as it takes */
            facelite_status status = FACELITE_E_CAPACITY;
            for (; status == FACELITE_E_CAPACITY && total + room <= ROOM; room++) {
                status = facelite_debug_resample(stream, pcm + at, now, out + total, room, &made);
            }
            CHECK(status == FACELITE_OK && made == room - 1, "%zu of %zu resampled", made, room - 1);
            total += made;
        }
        CHECK(hash(out, total) == wanted, "pieces of %zu: 0x%08x", pieces[p], hash(out, total));
    }
}

static void check_counts(facelite_stream *stream, void *scratch, const float *pcm, uint32_t hz,
                         const facelite_info *info, float *frames) {
    facelite_stream_reset(stream);
    for (size_t samples = 0; samples < 700; samples += 13) {
        size_t total = 0, written = 0;
        for (size_t at = 0; at < samples; at += 13) {
            const size_t foretold = facelite_stream_frames_for(stream, 13);
            CHECK(facelite_stream_push_f32(stream, scratch, pcm + at, 13, frames, foretold, &written) == FACELITE_OK &&
                      written == foretold, "foretold %zu, got %zu", foretold, written);
            total += written;
        }
        const size_t pending = facelite_stream_frames_pending(stream);
        CHECK(facelite_stream_flush(stream, scratch, frames, pending, &written) == FACELITE_OK && written == pending,
              "foretold %zu, got %zu", pending, written);
        const uint64_t ticks = (uint64_t)samples * info->sample_rate, frame = (uint64_t)hz * info->hop;
        CHECK(total + written == (ticks + frame - 1) / frame, "%zu samples at %u Hz: %zu frames", samples, hz,
              total + written);
    }
}

static void check_refusals(const facelite_model *model, const facelite_info *info) {
    const size_t bytes = facelite_stream_bytes(model, 44100);
    void *memory = aligned_zeroed(bytes);
    facelite_stream *stream;
    facelite_latency latency;
    CHECK(facelite_stream_bytes(model, info->sample_rate) == info->stream_bytes, "own rate");
    CHECK(facelite_stream_bytes(model, 12345) == 0 && facelite_stream_bytes(NULL, 8000) == 0, "unknown rate");
    CHECK(facelite_stream_init(memory, bytes - 1, model, &stream) == FACELITE_OK, "init");
    CHECK(facelite_stream_set_rate(stream, 44100) == FACELITE_E_MEMORY, "a byte short");
    CHECK(facelite_stream_set_rate(stream, 12345) == FACELITE_E_ARGUMENT, "unknown rate");
    CHECK(facelite_stream_latency(stream, &latency) == FACELITE_OK && latency.resampler == 0, "nothing changed");
    CHECK(facelite_stream_set_rate(stream, info->sample_rate) == FACELITE_OK, "own rate");
    aligned_free(memory);
}

int main(void) {
    const file blob = read_data("zoo.facelite");
    facelite_info info;
    const facelite_model *model;
    CHECK(facelite_inspect(blob.bytes, blob.length, &info) == FACELITE_OK, "fixture");
    void *memory = aligned_zeroed(info.model_bytes), *scratch = aligned_zeroed(info.scratch_bytes);
    CHECK(facelite_model_init(memory, info.model_bytes, blob.bytes, blob.length, &model) == FACELITE_OK, "model");
    float *pcm = aligned_zeroed(SAMPLES * sizeof *pcm), *out = aligned_zeroed(ROOM * sizeof *out);
    random_source random = {99};
    for (size_t i = 0; i < SAMPLES; i++) {
        pcm[i] = (float)random_between(&random, -40000, 40000) / 32768.0f;
    }
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const size_t bytes = facelite_stream_bytes(model, expected[i].hz);
        void *character = aligned_zeroed(bytes);
        facelite_stream *stream;
        CHECK(facelite_stream_init(character, bytes, model, &stream) == FACELITE_OK, "stream");
        CHECK(facelite_stream_set_rate(stream, expected[i].hz) == FACELITE_OK, "%u Hz", expected[i].hz);
        check_bits(stream, pcm, expected[i].hash, out);
        check_counts(stream, scratch, pcm, expected[i].hz, &info, out);
        aligned_free(character);
    }
    check_refusals(model, &info);
    aligned_free(memory);
    aligned_free(scratch);
    aligned_free(pcm);
    aligned_free(out);
    aligned_free(blob.bytes);
    return finish("resample");
}
