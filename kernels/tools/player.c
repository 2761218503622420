#include "player.h"

player open_player(const char *path, size_t rate) {
    player p = {.blob = read_file(path)};
    check(facelite_inspect(p.blob.bytes, p.blob.length, &p.info), path);
    p.memory = make_block(p.info.model_bytes);
    p.scratch = make_block(p.info.scratch_bytes);
    check(facelite_model_init(p.memory.bytes, p.memory.length, p.blob.bytes, p.blob.length, &p.model), path);
    const uint32_t hz = rate ? (uint32_t)rate : p.info.sample_rate;
    p.character = make_block(facelite_stream_bytes(p.model, hz));
    if (p.character.length == 0) {
        fail("--rate", "the student cannot hear it");
    }
    check(facelite_stream_init(p.character.bytes, p.character.length, p.model, &p.stream), path);
    check(facelite_stream_set_rate(p.stream, hz), "--rate");
    return p;
}

void close_player(player *p) {
    free_block(&p->scratch);
    free_block(&p->character);
    free_block(&p->memory);
    free_block(&p->blob);
}
