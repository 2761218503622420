# x86-64 Linux by the machine's own gcc, its programs run by qemu-user as another CPU: the environment variable QEMU_CPU
# says which. -static, because qemu looks for no libraries.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-x86_64)
