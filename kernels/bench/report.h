/* Lines of measurements, as text or as one JSON array. */
#ifndef FACELITE_BENCH_REPORT_H
#define FACELITE_BENCH_REPORT_H

typedef struct report {
    int json, lines;
} report;

/* What one thing costs. macs and roofline are 0 for what multiplies nothing or has no measured peak. */
typedef struct measurement {
    double ns, cycles;
    double macs;
    double roofline; /* cycles it would take at the measured peak of its tier */
} measurement;

void report_begin(report *to);
void report_line(report *to, const char *tier, const char *name, measurement found);
void report_end(report *to);

#endif
