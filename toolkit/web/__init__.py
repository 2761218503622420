"""A student in the browser: the kernel as WebAssembly, and a page that moves a face as somebody speaks."""
