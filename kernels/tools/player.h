/* A student ready to run: its memory, and one stream. */
#ifndef FACELITE_TOOLS_PLAYER_H
#define FACELITE_TOOLS_PLAYER_H

#include "tool.h"

typedef struct player {
    facelite_info info;
    const facelite_model *model;
    facelite_stream *stream;
    block blob, memory, character, scratch;
} player;

/* Loads a student and makes one stream that hears audio at `rate` Hz; 0: the student's own. */
player open_player(const char *path, size_t rate);
void close_player(player *p);

#endif
