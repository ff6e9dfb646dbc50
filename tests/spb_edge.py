"""An edge node with one device, of the public `mqtt-spb-wrapper`, as a process: `python -m tests.spb_edge PORT`.

It takes a command a line on its standard input and answers each with a line: `birth`, `node METRIC VALUE`,
`device METRIC VALUE`, `lose` (a number is counted and nothing sent), `bye`. It gives a new birth when it is asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

GROUP, NODE, DEVICE = "Plant", "PLC 1", "Effluent"
_ROOT = Path(__file__).resolve().parents[1]


class EdgeProcess:
    """The process, from a test's side. `rebirths`: how often it was asked for one."""

    def __init__(self, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.spb_edge", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, bufsize=1, cwd=_ROOT, env=dict(os.environ),
        )  # fmt: skip
        self.rebirths = 0
        self._answers: list[str] = []
        self._answered = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()
        self._wait(1)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._answered:
                if line.strip() == "rebirth":
                    self.rebirths += 1
                else:
                    self._answers.append(line.strip())
                self._answered.notify_all()

    def do(self, *commands: str) -> None:
        """Each is sent when this returns."""
        assert self.process.stdin is not None
        for command in commands:
            before = len(self._answers)
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            self._wait(before + 1)

    def _wait(self, answers: int) -> None:
        with self._answered:
            assert self._answered.wait_for(lambda: len(self._answers) >= answers, 30), "the edge node does not answer"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20)


def main(port: int) -> None:
    # It asks for paho's callbacks of version 1.
    warnings.simplefilter("ignore", DeprecationWarning)
    from mqtt_spb_wrapper import MqttSpbEntityDevice, MqttSpbEntityEdgeNode
    from mqtt_spb_wrapper.spb_protobuf import getSeqNum

    # Its own answer to a request for a rebirth fails (2.1.2: it calls what it got from a birth at its making).
    node = MqttSpbEntityEdgeNode(GROUP, NODE, include_spb_rebirth=False)
    device = MqttSpbEntityDevice(GROUP, NODE, DEVICE)
    node.data.set_value("power_factor", 0.9)
    device.data.set_value("ph", 7.0)

    def birth() -> None:
        node.publish_birth()
        device.publish_birth()

    def asked(_value: Any) -> None:
        birth()
        print("rebirth", flush=True)

    node.commands.set_value("Node Control/Rebirth", False, callback_on_change=asked)
    # The node last: its will is of the number that its birth bears, less one.
    assert device.connect("127.0.0.1", port)
    assert node.connect("127.0.0.1", port)
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "birth":
            birth()
        elif words[0] == "lose":
            getSeqNum()
        elif words[0] == "bye":
            node.disconnect()
        else:
            entity = node if words[0] == "node" else device
            entity.data.set_value(words[1], float(words[2]))
            entity.publish_data()
        print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
