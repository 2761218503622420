"""facelite: speech-driven facial animation that runs on the device."""
