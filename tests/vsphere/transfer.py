# SPDX-License-Identifier: Apache-2.0
"""Content of guest files, by HTTP from and to the URLs that vSphere gives out."""

import hashlib
import http.client
import ssl
from urllib.parse import urlsplit

from checks import Failure

LAST = {"Connection": "close"}
TIMEOUT = 120  # Seconds without a byte.
# The last bytes of every archive from toolboxd (docs/protocol/hgfs.md 6.5).
TRAILER = b"\x1f\x8b\x08"


class Transfers:
    """Makes connections to the transfer URLs of one server.

    context: the ssl.SSLContext of the API's connection. certificates: a function that returns the
    host certificates (DER) that vCenter vouches for: URLs lead to an ESXi host, whose certificate
    the system may not know.
    """

    def __init__(self, server, context, certificates):
        self.server, self.context, self.certificates = server, context, certificates

    def connect(self, url):
        """(connection, target of the request); "*" in the URL stands for the server itself."""
        parts = urlsplit(url)
        host, port = parts.hostname or "*", parts.port
        target = parts.path + ("?" + parts.query if parts.query else "")
        if host == "*":
            host = self.server
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self.context)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError:
            connection = self.connect_vouched(host, port)
        return connection, target

    def connect_vouched(self, host, port):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
        connection.connect()
        shown = connection.sock.getpeercert(True)
        if shown not in self.certificates():
            connection.close()
            raise Failure(
                "the ESXi host of the transfer shows a certificate that is neither valid nor the one vCenter knows"
                " (SHA-256 %s); give --ca_file or --insecure" % hashlib.sha256(shown).hexdigest()
            )
        return connection

    def put(self, url, content):
        """Uploads the bytes. Raises Failure if the server does not accept them."""
        connection, target = self.connect(url)
        try:
            connection.request("PUT", target, body=content, headers={"Content-Length": str(len(content)), **LAST})
            answer = connection.getresponse()
            text = answer.read(1000)
            if not 200 <= answer.status < 300:
                raise Failure("the upload ended with HTTP %d: %s" % (answer.status, text.decode("utf-8", "replace").strip()))
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Failure("the server ended the upload: %s" % error) from error
        finally:
            connection.close()

    def get(self, url, complete=None):
        """Downloads it all, or until complete(bytes so far) is true."""
        connection, target = self.connect(url)
        try:
            connection.request("GET", target, headers=LAST)
            answer = connection.getresponse()
            if answer.status != 200:
                text = answer.read(1000).decode("utf-8", "replace").strip()
                raise Failure("the download ended with HTTP %d: %s" % (answer.status, text))
            content = bytearray()
            while not (complete and complete(content)):
                piece = answer.read1(1 << 16)
                if not piece:
                    break
                content += piece
            return bytes(content)
        except (http.client.HTTPException, TimeoutError) as error:
            raise Failure("the download broke off: %s" % (error or type(error).__name__)) from error
        finally:
            connection.close()
