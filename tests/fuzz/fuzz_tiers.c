/* Every tier of this CPU against ref, on a student and audio made of the fuzzer's bytes: each operator's codes for
 * each hop, byte for byte, and the frames of the whole clip however it is cut into pushes. */
#include <string.h>

#include "bench/synthetic.h"
#include "facelite/facelite_debug.h"
#include "network.h"

enum { HOPS = 4, MOST_CODES = 1 << 16, MOST_SAMPLES = 300 };

/* What a run said. */
typedef struct record {
    uint8_t codes[MOST_CODES]; /* of all operators, hop after hop */
    size_t length;
} record;

/* A clip, and where it is cut. */
typedef struct clip {
    int16_t pcm[MOST_SAMPLES];
    size_t samples;
    draw cuts;
} clip;

static void observe(void *user, uint32_t op, const uint8_t *codes, uint32_t frames, uint32_t channels) {
    record *to = user;
    const size_t bytes = (size_t)frames * channels;
    (void)op;
    REQUIRE(to->length + bytes <= MOST_CODES);
    memcpy(to->codes + to->length, codes, bytes);
    to->length += bytes;
}

static clip draw_clip(draw *from) {
    clip made = {.samples = draw_between(from, 0, MOST_SAMPLES)};
    random_source random = {draw_bits(from, 4) | UINT64_C(1) << 40};
    const uint32_t kind = draw_between(from, 0, 3);
    for (size_t i = 0; i < made.samples; i++) {
        const int16_t noise = (int16_t)random_u32(&random);
        made.pcm[i] = kind == 0 ? noise : kind == 1 ? (int16_t)(noise / 256) : noise < 0 ? INT16_MIN : INT16_MAX;
    }
    for (size_t i = 0; i < made.samples && kind == 3 && from->left > 8; i++) {
        made.pcm[i] = (int16_t)draw_bits(from, 2);
    }
    made.cuts = *from;
    return made;
}

static void record_hops(const opened *o, facelite_stream *stream, const clip *heard, record *to) {
    int8_t codes[64], out[64];
    to->length = 0;
    for (uint32_t hop = 0; hop < HOPS; hop++) {
        for (uint32_t i = 0; i < o->info.hop; i++) {
            const size_t at = (size_t)hop * o->info.hop + i;
            codes[i] = at < heard->samples ? (int8_t)((heard->pcm[at] >> 8) | (heard->pcm[at] & 1)) : -128;
        }
        REQUIRE(facelite_debug_hop(stream, o->scratch, codes, out, observe, to) == FACELITE_OK);
    }
    REQUIRE(facelite_stream_reset(stream) == FACELITE_OK);
}

/* Pushes the clip in pieces and flushes; returns the frames. */
static size_t animate(const opened *o, facelite_stream *stream, const clip *heard, int whole, float *frames,
                      size_t room) {
    draw cuts = heard->cuts;
    size_t total = 0, written = 0;
    for (size_t at = 0; at < heard->samples;) {
        const size_t left = heard->samples - at, wanted = whole ? left : draw_between(&cuts, 1, 255);
        const size_t now = wanted < left ? wanted : left;
        const size_t foretold = facelite_stream_frames_for(stream, now);
        REQUIRE(facelite_stream_push_i16(stream, o->scratch, heard->pcm + at, now, frames + total * o->info.controls,
                                         room - total, &written) == FACELITE_OK);
        REQUIRE(written == foretold);
        total += written;
        at += now;
    }
    REQUIRE(facelite_stream_flush(stream, o->scratch, frames + total * o->info.controls, room - total, &written) ==
            FACELITE_OK);
    return total + written;
}

/* One tier; `first` is ref's run, which fills what the others are held against. */
static void check_tier(const network *net, const clip *heard, int first, record *wanted, float *wanted_frames) {
    static record got;
    opened o = open_model(net->bytes, net->length);
    facelite_stream *stream = open_stream(&o, o.info.sample_rate);
    const size_t count = (heard->samples + o.info.hop - 1) / o.info.hop, bytes = count * o.info.controls * sizeof(float);
    float *frames = exact_new(bytes);
    record_hops(&o, stream, heard, first ? wanted : &got);
    REQUIRE(animate(&o, stream, heard, 1, first ? wanted_frames : frames, count) == count);
    REQUIRE(first || (got.length == wanted->length && memcmp(got.codes, wanted->codes, got.length) == 0));
    REQUIRE(first || memcmp(frames, wanted_frames, bytes) == 0);
    REQUIRE(animate(&o, stream, heard, 0, frames, count) == count);
    REQUIRE(memcmp(frames, wanted_frames, bytes) == 0);
    exact_free(frames);
    exact_free(stream);
    close_model(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static record wanted;
    static float frames[MOST_SAMPLES * 64];
    draw from = {bytes, length};
    network net = network_draw(&from);
    const clip heard = draw_clip(&from);
    facelite_info info;
    REQUIRE(facelite_inspect(net.bytes, net.length, &info) == FACELITE_OK);
    for (uint32_t t = 0; is_affordable(&info) && facelite_isa_available(t); t++) {
        REQUIRE(facelite_isa_force(facelite_isa_available(t)) == FACELITE_OK);
        check_tier(&net, &heard, t == 0, &wanted, frames);
    }
    REQUIRE(facelite_isa_force(NULL) == FACELITE_OK);
    exact_free(net.bytes);
    return 0;
}
