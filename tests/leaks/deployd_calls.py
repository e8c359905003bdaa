# SPDX-License-Identifier: Apache-2.0
"""Every customization, below a folder with a cloud-init of this test's, which takes what is handed to it."""

import glob
import os
import threading
import time

SERVICES = ["Customization", "FileHandler"]
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deployd/testdata")
# Of FileHandler: deployd has two.
LEFT_OUT = ["FileHandler.Read"]
OUTCOME = "/run/toolboxd-customize-hook/outcome"


def flags(place):
    return ["--deploy_settings=%s/deploy.textproto" % place.folder, "--deploy_dir=%s/deploy" % place.own,
            "--cloud_init_dir=%s/vmware-imc" % place.own, "--root_dir=%s/root" % place.folder]


def prepare(place):
    place.make("deploy.textproto", "customization { run_scripts: true script_time_limit: 5 }")
    place.make("root/etc/cloud/cloud.cfg", "users:\n   - default\n")
    place.make("root/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "datasource_list: [ NoCloud, OVF, VMware, None ]\n")
    place.make("root/etc/cloud/cloud.cfg.d/99-vmware.cfg", "disable_vmware_customization: false\n")
    place.make("root/etc/toolboxd/customize.d/10-script", "", 0o755)
    # The private /run of this test.
    os.makedirs(os.path.dirname(OUTCOME), exist_ok=True)


def install_cloud_init(place):
    place.make("root/usr/lib/python3/dist-packages/cloudinit/version.py",
               '__VERSION__ = "23.1"\n_PACKAGED_VERSION = "@@PACKAGED_VERSION@@"\n')


def remove_cloud_init(place):
    os.unlink(place.folder + "/root/usr/lib/python3/dist-packages/cloudinit/version.py")


def begin(caller):
    code, replies = caller.ask("Customization.Begin")
    assert code == "OK", code
    return replies[0].directory.encode()


def upload(caller, path, *chunks, attributes=None, commit=True):
    write = caller.open("FileHandler.Write").send(open={"path": path, "mode": 4}).opened()
    for chunk in chunks:
        write.send(chunk={"append": True, "data": chunk})
    if attributes:
        write.send(attributes=attributes)
    if commit:
        write.send(commit={})
    return write.end().finish()


def deploy(caller, path):
    return [update.WhichOneof("step") for update in caller.ask("Customization.Deploy", package_path=path)[1]]


class CloudInit:
    """Installed for a while, takes whatever is handed to it."""

    def __init__(self, place):
        self.place, self.file = place, place.own + "/vmware-imc/cust.cfg"
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.take, daemon=True)

    def __enter__(self):
        install_cloud_init(self.place)
        self.thread.start()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        remove_cloud_init(self.place)

    def take(self):
        while not self.ended.wait(0.02):
            if os.path.exists(self.file):
                os.unlink(self.file)


class ScriptUnit(threading.Thread):
    """Takes a request for scripts as the unit does, runs none and says how they ended."""

    def __init__(self, place, outcome):
        super().__init__(daemon=True)
        self.request, self.outcome = place.own + "/deploy/customize-request", outcome
        self.start()

    def run(self):
        end = time.monotonic() + 20
        while time.monotonic() < end and not os.path.exists(self.request):
            time.sleep(0.02)
        with open(self.request) as file:
            number = file.read().split()[0]
        os.unlink(self.request)
        with open(OUTCOME, "w") as file:
            file.write("%s %s\n" % (number, self.outcome))


def package(name):
    with open(os.path.join(DATA, name), "rb") as file:
        return file.read()


def calls(caller, place, number):
    with CloudInit(place):
        customize(caller)
        packages(caller)
    scripts(caller, place, number)
    # Given up by its caller: the deployment goes on, until there is another.
    install_cloud_init(place)
    inbox = begin(caller)
    upload(caller, inbox + b"b", package("package_vector"))
    caller.glimpse("Customization.Deploy", package_path=inbox + b"b")
    caller.ask("Customization.GetCustomizationStatus")
    begin(caller)
    remove_cloud_init(place)


def customize(caller):
    inbox = begin(caller)
    vector = package("package_vector")
    assert upload(caller, inbox + b"imcf-a", vector[:300], vector[300:], attributes={"permissions": 0o666}) == "OK"
    assert caller.ask("FileHandler.Stat", path=inbox + b"imcf-a")[0] == "OK"
    refusals(caller, inbox)
    steps = deploy(caller, inbox + b"imcf-a")
    assert steps == ["accepted", "state"], steps
    code, replies = caller.ask("Customization.GetCustomizationStatus")
    assert code == "OK" and replies[0].events, code


def refusals(caller, inbox):
    assert upload(caller, inbox + b"cut", b"never there", commit=False) != "OK"
    for path in (b"/etc/passwd", inbox, inbox + b"../x", inbox + b".x", b"", inbox + b"a/b"):
        assert upload(caller, path, b"x") != "OK", path
        assert caller.ask("FileHandler.Stat", path=path)[0] != "OK", path
    assert upload(caller, inbox + b"big", attributes={"size": 1 << 40}) != "OK"
    caller.open("FileHandler.Write").send(open={"path": inbox + b"c"}).send(open={"path": b"/"}).end().finish()
    caller.open("FileHandler.Write").send(open={"path": inbox + b"d", "mode": 4}).opened().cancel()


def packages(caller):
    """Broken ones, and others."""
    for path in sorted(glob.glob(DATA + "/package_[!v]*")):
        inbox = begin(caller)
        upload(caller, inbox + b"p", package(os.path.basename(path)))
        deploy(caller, inbox + b"p")
        # Once more: the inbox is gone.
        caller.ask("Customization.Deploy", package_path=inbox + b"p")
    inbox = begin(caller)
    assert deploy(caller, inbox + b"missing") == ["refused"]
    upload(caller, begin(caller) + b"empty")


def scripts(caller, place, number):
    inbox = begin(caller)
    upload(caller, inbox + b"s", package("package_vector"))
    unit = ScriptUnit(place, "ok" if number % 2 else "failed 10-script: ended with status 3")
    steps = deploy(caller, inbox + b"s")
    unit.join()
    assert steps == ["accepted", "state", "state"], steps


def left_open(caller, place):
    install_cloud_init(place)
    inbox = begin(caller)
    upload(caller, inbox + b"z", package("package_vector"))
    deployment = caller.open("Customization.Deploy", caller.make("Customization.Deploy", package_path=inbox + b"z"))
    deployment.read()
    inbox = begin(caller)
    return [deployment, caller.open("FileHandler.Write").send(open={"path": inbox + b"y", "mode": 4}).opened()]
