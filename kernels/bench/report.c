#include "report.h"

#include <stdio.h>

void report_begin(report *to) {
    if (to->json) {
        printf("[");
    } else {
        printf("%-12s %-34s %10s %10s %12s %8s\n", "tier", "", "ns", "cycles", "MACs/cycle", "of peak");
    }
}

static void print_json(const report *to, const char *tier, const char *name, measurement found) {
    printf("%s\n  {\"tier\": \"%s\", \"op\": \"%s\", \"ns\": %.1f, \"cycles\": %.0f", to->lines ? "," : "", tier, name,
           found.ns, found.cycles);
    if (found.macs > 0.0) {
        printf(", \"macs_per_cycle\": %.2f", found.macs / found.cycles);
    }
    if (found.roofline > 0.0) {
        printf(", \"percent_of_peak\": %.1f", 100.0 * found.roofline / found.cycles);
    }
    printf("}");
}

static void print_text(const char *tier, const char *name, measurement found) {
    printf("%-12s %-34s %10.1f %10.0f", tier, name, found.ns, found.cycles);
    if (found.macs > 0.0) {
        printf(" %12.2f", found.macs / found.cycles);
    }
    if (found.roofline > 0.0) {
        printf(" %7.0f%%", 100.0 * found.roofline / found.cycles);
    }
    printf("\n");
}

void report_line(report *to, const char *tier, const char *name, measurement found) {
    if (to->json) {
        print_json(to, tier, name, found);
    } else {
        print_text(tier, name, found);
    }
    to->lines++;
}

void report_end(report *to) {
    if (to->json) {
        printf("\n]\n");
    }
}
