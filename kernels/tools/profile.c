/* facelite_profile [--isa NAME] [--hops N] [--cold N] [--paced N] [--characters N] [--threads N] [--sweep BYTES]
 *                  STUDENT INPUT.s16
 *
 * Measures a student's hop on this device and prints one object of JSON; times are in ns. The cost does not depend on
 * what is said: INPUT, raw int16 at the student's rate, is heard over and over.
 *   warm     --hops (2000) of them, one after another
 *   cold     --cold (100), each after --sweep bytes (8 MiB) of other memory were written: a game's own work
 *   paced    --paced (125), each at its real moment with sleep between: what a game sees, clock changes included
 *   crowd    --characters (16) stepped together on one thread, --hops / characters times; a time is of one step
 *   threads  --threads (2) at once, each with as many characters of its own; a time is of one step
 *   layers   every operator of --hops / 4 hops, by the clock read between them
 * 0 leaves a measurement out. Exit status: 0, or 2 with a line that says what is wrong. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"
#include "measure.h"
#include "tool.h"

typedef struct options {
    const char *isa, *student, *input;
    size_t hops, cold, paced, characters, threads, sweep;
} options;

static size_t *number_of(options *wanted, const char *option) {
    const struct {
        const char *name;
        size_t *value;
    } known[] = {{"--hops", &wanted->hops},       {"--cold", &wanted->cold},
                 {"--paced", &wanted->paced},     {"--characters", &wanted->characters},
                 {"--threads", &wanted->threads}, {"--sweep", &wanted->sweep}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(option, known[i].name) == 0) {
            return known[i].value;
        }
    }
    fail(option, "is no option; there are --isa, --hops, --cold, --paced, --characters, --threads and --sweep");
}

static options parse(int argc, char **argv) {
    options wanted = {.hops = 2000, .cold = 100, .paced = 125, .characters = 16, .threads = 2, .sweep = 8u << 20};
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--isa") == 0) {
            wanted.isa = argv[i + 1];
        } else {
            *number_of(&wanted, argv[i]) = whole_number(argv[i], argv[i + 1]);
        }
    }
    if (argc - i != 2) {
        fail("usage", "facelite_profile [OPTION VALUE]... STUDENT INPUT.s16");
    }
    wanted.student = argv[i];
    wanted.input = argv[i + 1];
    return wanted;
}

static void print_times(const char *name, times found) {
    printf("  \"%s\": {\"count\": %zu, \"min\": %.0f, \"p50\": %.0f, \"p99\": %.0f, \"max\": %.0f, \"mean\": %.1f},\n",
           name, found.count, found.min, found.p50, found.p99, found.max, found.mean);
}

static void print_layers(const subject *of, size_t hops) {
    printf("  \"layers\": [");
    block each = measure_layers(of, hops);
    const times *layers = each.bytes;
    for (uint32_t i = 0; i < of->info.ops; i++) {
        printf("%s\n    {\"p50\": %.0f, \"p99\": %.0f, \"min\": %.0f}", i ? "," : "", layers[i].p50, layers[i].p99,
               layers[i].min);
    }
    printf("\n  ],\n");
    free_block(&each);
}

static void print_header(const subject *of) {
    printf("  \"version\": \"%s\", \"isa\": \"%s\",\n  \"tiers\": [", facelite_version(), facelite_model_isa(of->model));
    for (uint32_t i = 0; facelite_isa_available(i) != NULL; i++) {
        printf("%s\"%s\"", i ? ", " : "", facelite_isa_available(i));
    }
    printf("],\n  \"sample_rate\": %" PRIu32 ", \"hop\": %" PRIu32 ", \"macs_per_hop\": %" PRIu64 ",\n",
           of->info.sample_rate, of->info.hop, of->info.macs_per_hop);
}

static void print_memory(const subject *of) {
    const size_t stack = measure_stack(of), peak = machine_peak_memory();
    printf("  \"memory\": {\"blob_bytes\": %zu, \"model_bytes\": %zu, \"stream_bytes\": %zu, \"scratch_bytes\": %zu, "
           "\"stack_bound_bytes\": %zu, \"stack_used_bytes\": %zu, \"peak_process_bytes\": %zu}\n",
           of->info.blob_bytes, of->info.model_bytes, of->info.stream_bytes, of->info.scratch_bytes,
           of->info.stack_bytes, stack, peak);
}

int main(int argc, char **argv) {
    const options wanted = parse(argc, argv);
    if (wanted.isa) {
        check(facelite_isa_force(wanted.isa), wanted.isa);
    }
    subject of = open_subject(wanted.student, wanted.input);
    block other = make_block(wanted.cold ? wanted.sweep : 0);
    printf("{\n");
    print_header(&of);
    printf("  \"clock_overhead\": %.1f,\n", measure_clock());
    if (wanted.hops) {
        print_times("warm", measure_warm(&of, wanted.hops));
        print_layers(&of, wanted.hops / 4 + 1);
    }
    if (wanted.cold) {
        print_times("cold", measure_cold(&of, wanted.cold, &other));
    }
    if (wanted.paced) {
        print_times("paced", measure_paced(&of, wanted.paced));
    }
    if (wanted.characters) {
        const size_t steps = wanted.hops / wanted.characters + 10;
        printf("  \"characters\": %zu,\n", wanted.characters);
        print_times("crowd", measure_crowds(&of, 1, wanted.characters, steps));
        if (wanted.threads) {
            const times together = measure_crowds(&of, wanted.threads, wanted.characters, steps);
            printf("  \"thread_count\": %zu,\n", together.count ? wanted.threads : 0);
            print_times("threads", together);
        }
    }
    print_memory(&of);
    printf("}\n");
    free_block(&other);
    close_subject(&of);
    return 0;
}
