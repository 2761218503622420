/* facelite_bench_ops: the benchmark alone; check_ops --bench, of the tests, holds every tier against ref first. */
#include "bench.h"

int main(int argc, char **argv) {
    return bench_main(argc, argv);
}
