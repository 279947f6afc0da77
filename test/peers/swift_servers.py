#!/usr/bin/python3
"""OpenStack Swift with one disk and no replicas: its four servers, which share the time that loading it takes.

usage: swift_servers.py FOLDER     (with NAME-server.conf for each of them, swift.conf, and the folder devices/disk)

Makes the rings, too, which say where everything is: swift-ring-builder takes five seconds for them.
Debian: swift-proxy swift-account swift-container swift-object
"""
import configparser
import ctypes
import os
import signal
import sys

from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.wsgi import run_wsgi
from swift.obj import server as object_server
# Here once, and not in each of them: it takes a second and more.
import swift.account.server
import swift.common.middleware.s3api.s3api
import swift.container.server
import swift.proxy.server

utils.eventlet_monkey_patch()

DIE_WITH_PARENT = 1
folder = sys.argv[1]

for kind in ("account", "container", "object"):
    conf = configparser.ConfigParser(interpolation=None)
    conf.read(f"{folder}/{kind}-server.conf")
    port = conf.getint("DEFAULT", "bind_port")
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({
        "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "disk", "weight": 1,
        "replication_ip": "127.0.0.1", "replication_port": port,
    })
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")

children = []
for kind in ("account", "container", "object", "proxy"):
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        more = {"global_conf_callback": object_server.global_conf_callback} if kind == "object" else {}
        sys.exit(run_wsgi(f"{folder}/{kind}-server.conf", f"{kind}-server", **more))
    children.append(pid)

# Where one of them is gone it is no Swift any more.
os.wait()
sys.exit(1)
