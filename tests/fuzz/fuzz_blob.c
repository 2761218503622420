/* The loader on any bytes: an error code, or a model that runs inside the memory that facelite_inspect asked for and says
 * the same on every tier, whatever its scratch held before.
 *
 * The bytes are read twice: as they are, and with length and checksum put right, so that a change reaches the checks
 * behind those. Under the address sanitizer any byte touched outside blob, model, stream, scratch or frames is a
 * finding; so is a model that one function accepts and another refuses. */
#include <math.h>
#include <string.h>

#include "network.h"
#include "src/blob.h"

enum { SAMPLES = 96 };

static void check_names(const opened *o, const uint8_t *blob) {
    for (uint32_t i = 0; i < o->info.controls; i++) {
        const char *name = facelite_control_name(o->model, i);
        REQUIRE(name != NULL && *name != '\0');
        REQUIRE((const uint8_t *)name + strlen(name) < blob + o->info.blob_bytes);
    }
    REQUIRE(facelite_control_name(o->model, o->info.controls) == NULL);
}

/* Frames of one push or flush, in memory for exactly so many. */
typedef struct frames {
    float *values;
    size_t count;
} frames;

static frames hear(const opened *o, facelite_stream *stream, const float *pcm) {
    const size_t count = pcm ? facelite_stream_frames_for(stream, SAMPLES) : facelite_stream_frames_pending(stream);
    const frames made = {exact_new(count * o->info.controls * sizeof(float)), count * o->info.controls};
    size_t written = 0;
    REQUIRE((pcm ? facelite_stream_push_f32(stream, o->scratch, pcm, SAMPLES, made.values, count, &written)
                 : facelite_stream_flush(stream, o->scratch, made.values, count, &written)) == FACELITE_OK);
    REQUIRE(written == count);
    for (size_t i = 0; i < made.count; i++) {
        REQUIRE(!isnan(made.values[i]));
    }
    return made;
}

static frames end(frames *pushed, frames *flushed) {
    const frames all = {exact_new((pushed->count + flushed->count) * sizeof(float)), pushed->count + flushed->count};
    memcpy(all.values, pushed->values, pushed->count * sizeof(float));
    memcpy(all.values + pushed->count, flushed->values, flushed->count * sizeof(float));
    exact_free(pushed->values);
    exact_free(flushed->values);
    return all;
}

/* A short clip on the tier that is forced, with scratch full of `fill`. */
static frames run(const uint8_t *blob, size_t length, int fill) {
    float pcm[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        pcm[i] = i / 37 % 2 ? 1.0f : -1.0f;
    }
    opened o = open_model(blob, length);
    facelite_stream *stream = open_stream(&o, o.info.sample_rate);
    memset(o.scratch, fill, o.info.scratch_bytes);
    check_names(&o, blob);
    frames pushed = hear(&o, stream, pcm), flushed = hear(&o, stream, NULL);
    exact_free(stream);
    close_model(&o);
    return end(&pushed, &flushed);
}

static void run_tiers(const uint8_t *blob, size_t length) {
    frames first = {NULL, 0};
    for (uint32_t t = 0; facelite_isa_available(t); t++) {
        REQUIRE(facelite_isa_force(facelite_isa_available(t)) == FACELITE_OK);
        const frames again = run(blob, length, t % 2 ? 0xff : 0x00);
        if (t > 0) {
            REQUIRE(again.count == first.count);
            REQUIRE(memcmp(again.values, first.values, first.count * sizeof(float)) == 0);
            exact_free(again.values);
        } else {
            first = again;
        }
    }
    exact_free(first.values);
}

static void inspect(const uint8_t *blob, size_t length) {
    facelite_info info;
    if (facelite_inspect(blob, length, &info) == FACELITE_OK && info.hop <= (1u << 16) && is_affordable(&info)) {
        run_tiers(blob, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    uint8_t *blob = exact_new(length);
    memcpy(blob, bytes, length);
    inspect(blob, length);
    if (length >= FACELITE_HEADER_BYTES) {
        network_seal(blob, length);
        inspect(blob, length);
    }
    exact_free(blob);
    return 0;
}

#if defined(FACELITE_LIBFUZZER)
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed);

/* Half of the changes go to one word of the header or of a record, which are a small part of the bytes. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed) {
    facelite_header header;
    if (seed % 2 == 0 || length < sizeof header) {
        return LLVMFuzzerMutate(bytes, length, room);
    }
    memcpy(&header, bytes, sizeof header);
    const uint32_t sections[3] = {0, header.tensors_offset, header.ops_offset};
    const uint32_t spans[3] = {sizeof header, 4 * FACELITE_TENSOR_BYTES, 4 * FACELITE_OP_BYTES};
    const uint32_t which = seed / 2 % 3;
    const size_t at = (size_t)sections[which] + seed / 6 % spans[which] / 4 * 4;
    if (at > length - 4) {
        return LLVMFuzzerMutate(bytes, length, room);
    }
    LLVMFuzzerMutate(bytes + at, 4, 4);
    return length;
}
#endif
