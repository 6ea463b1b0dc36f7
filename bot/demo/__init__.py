"""The whole desk on this machine: both stand-ins, the desk as a process of its own, and a scene played in them."""
