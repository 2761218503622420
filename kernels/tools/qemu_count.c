/* A plugin for qemu-user 7.x: how many guest instructions each function ran, and how often it was entered.
 *
 *     cc -shared -fPIC -O2 qemu_count.c -o libqemu_count.so
 *     qemu-aarch64 -cpu cortex-a57 -plugin ./libqemu_count.so,out=counts.txt PROGRAM ...
 *
 * Every line of the file is "instructions entries function". The numbers repeat exactly. The dynamic qemu is needed,
 * and a guest with symbols; functions of one name are counted together. Distributions ship no qemu-plugin.h, so the
 * part of its interface, version 1, that is used here is declared below (QEMU, docs/devel/tcg-plugins). */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t id, void *user), void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, enum qemu_plugin_op op,
                                                void *counter, uint64_t amount);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv);

/* The function's first instruction is the first one translated: nothing jumps into its middle before that. */
typedef struct function {
    char *name;
    uint64_t first, instructions, entries;
} function;

enum { MOST_FUNCTIONS = 1 << 14 };
static function functions[MOST_FUNCTIONS];
static const char *path;

/* By open addressing; a static guest's functions fill a fraction of the table. */
static function *find(const char *name, uint64_t address) {
    uint32_t hash = 2166136261u;
    for (const char *c = name; *c; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    }
    for (uint32_t probe = 0; probe < MOST_FUNCTIONS; probe++) {
        function *here = &functions[(hash + probe) % MOST_FUNCTIONS];
        if (here->name == NULL) {
            here->name = strdup(name);
            here->first = address;
            return here;
        }
        if (strcmp(here->name, name) == 0) {
            return here;
        }
    }
    fputs("qemu_count: more functions than it can count\n", stderr);
    exit(2);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        const char *name = qemu_plugin_insn_symbol(instruction);
        const uint64_t address = qemu_plugin_insn_vaddr(instruction);
        function *here = find(name ? name : "?", address);
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &here->instructions, 1);
        if (address == here->first) {
            qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &here->entries, 1);
        }
    }
}

static void finished(qemu_plugin_id_t id, void *user) {
    (void)id;
    (void)user;
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "qemu_count: %s cannot be written\n", path);
        return;
    }
    for (size_t i = 0; i < MOST_FUNCTIONS; i++) {
        if (functions[i].instructions) {
            fprintf(file, "%" PRIu64 " %" PRIu64 " %s\n", functions[i].instructions, functions[i].entries,
                    functions[i].name);
        }
    }
    fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv) {
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        fputs("qemu_count: wants out=FILE\n", stderr);
        return 1;
    }
    path = strdup(argv[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finished, NULL);
    return 0;
}
