/* facelite_replay [--isa NAME] [--rate HZ] [--piece SAMPLES] [--repeat N] STUDENT INPUT OUTPUT
 * facelite_replay [--isa NAME] --golden GOLDEN.npz STUDENT
 *
 * Runs a student over a recording on this CPU and writes what it said, to be compared bit for bit with what another CPU
 * or the Python package says. All files are raw and little-endian; the suffix of INPUT says what it holds:
 *   .f32, .s16  samples, heard as a game's stream hears them: OUTPUT is float32 [frames][controls]
 *   .s8         input codes, whole hops of them, past all float arithmetic: OUTPUT is int8 [hops][controls]
 * --rate: of the samples, if not the student's own; --piece: samples a push, instead of a hop; --repeat: plays the
 * recording N times and writes the last.
 * --golden: instead, holds every operator and every frame against a bundle's golden.npz (golden.h).
 * Prints one line of JSON. Exit status: 0; 1 with a line that names what differs first from the golden file; or 2 with a
 * line that says what is wrong. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "facelite/facelite.h"
#include "facelite/facelite_debug.h"
#include "golden.h"
#include "player.h"

_Static_assert(sizeof(float) == 4, "frames are float32");

typedef struct options {
    const char *isa, *golden, *student, *input, *output;
    size_t rate, piece, repeat;
} options;

/* Pushes the whole recording and flushes; returns the frames. */
static size_t play(player *p, const block *pcm, int is_float, size_t piece, float *frames, size_t room) {
    const size_t width = is_float ? sizeof(float) : sizeof(int16_t), samples = pcm->length / width;
    size_t total = 0, written = 0;
    for (size_t at = 0; at < samples; at += piece) {
        const size_t now = samples - at < piece ? samples - at : piece;
        const void *first = (const char *)pcm->bytes + at * width;
        float *next = frames + total * p->info.controls;
        check(is_float ? facelite_stream_push_f32(p->stream, p->scratch.bytes, first, now, next, room - total, &written)
                       : facelite_stream_push_i16(p->stream, p->scratch.bytes, first, now, next, room - total,
                                                  &written),
              "push");
        total += written;
    }
    check(facelite_stream_flush(p->stream, p->scratch.bytes, frames + total * p->info.controls, room - total, &written),
          "flush");
    return total + written;
}

/* Frames that the recording can become. In 64 bits: where size_t has 32, 17 seconds at 16 kHz times that rate outgrow
 * it. */
static size_t room_for(const facelite_info *info, const options *wanted, size_t samples) {
    const size_t rate = wanted->rate ? wanted->rate : info->sample_rate;
    const uint64_t room = (uint64_t)samples * info->sample_rate / rate / info->hop + 2;
    if (room > SIZE_MAX / (info->controls * sizeof(float))) {
        fail(wanted->input, "has more frames than fit into memory; cut it into shorter ones");
    }
    return (size_t)room;
}

static size_t replay_samples(player *p, const options *wanted, const block *pcm, int is_float) {
    const size_t room = room_for(&p->info, wanted, pcm->length / (is_float ? sizeof(float) : sizeof(int16_t)));
    block frames = make_block(room * p->info.controls * sizeof(float));
    size_t count = 0;
    for (size_t i = 0; i < wanted->repeat; i++) {
        count = play(p, pcm, is_float, wanted->piece ? wanted->piece : p->info.hop, frames.bytes, room);
    }
    write_file(wanted->output, frames.bytes, count * p->info.controls * sizeof(float), "wb");
    free_block(&frames);
    return count;
}

static size_t replay_codes(player *p, const options *wanted, const block *codes) {
    const size_t hops = codes->length / p->info.hop;
    block out = make_block(hops * p->info.controls);
    for (size_t i = 0; i < wanted->repeat; i++) {
        check(facelite_stream_reset(p->stream), "reset");
        for (size_t hop = 0; hop < hops; hop++) {
            check(facelite_debug_hop(p->stream, p->scratch.bytes, (const int8_t *)codes->bytes + hop * p->info.hop,
                                     (int8_t *)out.bytes + hop * p->info.controls, NULL, NULL), "hop");
        }
    }
    write_file(wanted->output, out.bytes, hops * p->info.controls, "wb");
    free_block(&out);
    return hops;
}

static size_t positive(const char *option, const char *text) {
    const size_t value = whole_number(option, text);
    if (value == 0) {
        fail(option, "wants a whole number above 0");
    }
    return value;
}

static options parse(int argc, char **argv) {
    options wanted = {.repeat = 1};
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--isa") == 0) {
            wanted.isa = argv[i + 1];
        } else if (strcmp(argv[i], "--golden") == 0) {
            wanted.golden = argv[i + 1];
        } else if (strcmp(argv[i], "--rate") == 0) {
            wanted.rate = positive(argv[i], argv[i + 1]);
        } else if (strcmp(argv[i], "--piece") == 0) {
            wanted.piece = positive(argv[i], argv[i + 1]);
        } else if (strcmp(argv[i], "--repeat") == 0) {
            wanted.repeat = positive(argv[i], argv[i + 1]);
        } else {
            fail(argv[i], "is no option; there are --isa, --golden, --rate, --piece and --repeat");
        }
    }
    if (argc - i != (wanted.golden ? 1 : 3)) {
        fail("usage", "facelite_replay [--isa NAME] [--rate HZ] [--piece SAMPLES] [--repeat N] STUDENT INPUT OUTPUT, "
                      "or facelite_replay [--isa NAME] --golden GOLDEN.npz STUDENT");
    }
    wanted.student = argv[i];
    wanted.input = wanted.golden ? NULL : argv[i + 1];
    wanted.output = wanted.golden ? NULL : argv[i + 2];
    return wanted;
}

static int replay_golden(const options *wanted) {
    player p = open_player(wanted->student, 0);
    block file = read_file(wanted->golden);
    const int equal = golden_check(&p, file.bytes, file.length, wanted->golden);
    free_block(&file);
    close_player(&p);
    return equal ? 0 : 1;
}

int main(int argc, char **argv) {
    const options wanted = parse(argc, argv);
    if (wanted.isa) {
        check(facelite_isa_force(wanted.isa), wanted.isa);
    }
    if (wanted.golden) {
        return replay_golden(&wanted);
    }
    const char *dot = strrchr(wanted.input, '.');
    const char *suffix = dot ? dot : "";
    const int is_float = strcmp(suffix, ".f32") == 0;
    if (!is_float && strcmp(suffix, ".s16") != 0 && strcmp(suffix, ".s8") != 0) {
        fail(wanted.input, "ends in none of .f32, .s16 and .s8");
    }
    player p = open_player(wanted.student, wanted.rate);
    block input = read_file(wanted.input);
    const size_t frames =
        strcmp(suffix, ".s8") == 0 ? replay_codes(&p, &wanted, &input) : replay_samples(&p, &wanted, &input, is_float);
    printf("{\"isa\": \"%s\", \"frames\": %zu, \"controls\": %" PRIu32 ", \"macs_per_hop\": %" PRIu64 "}\n",
           facelite_model_isa(p.model), frames, p.info.controls, p.info.macs_per_hop);
    free_block(&input);
    close_player(&p);
    return 0;
}
