"""Hosts and URLs by which others have been made to ask their own network."""

from __future__ import annotations

PORT = "{port}"
"""Where the canary listens."""


def words(text: str) -> tuple[str, ...]:
    """The table's entries; white space is only between them."""
    return tuple(text.split())


ADDRESSES_V4 = words("""
    127.0.0.1 127.0.0.2 127.1.1.1 127.255.255.254 0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.1 10.255.255.255 100.64.0.1
    100.100.100.200 100.127.255.254 168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 169.254.169.123
    172.16.0.1 172.17.0.1 172.31.255.254 192.0.0.1 192.0.0.192 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1
    192.88.99.1 192.168.0.1 192.168.65.2 192.175.48.1 198.18.0.1 198.19.255.254 198.51.100.1 203.0.113.1 224.0.0.1
    224.0.0.251 239.255.255.250 240.0.0.1 254.1.1.1 255.255.255.255
""")

ADDRESSES_V6 = words("""
    ::1 :: ::2 ::127.0.0.1 ::7f00:1 ::169.254.169.254 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:0:127.0.0.1
    ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8 0:0:0:0:0:0:0:1 0:0:0:0:0:ffff:7f00:0001
    64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::8.8.8.8 64:ff9b:1::7f00:1 100::1 100:0:0:1::1
    2001::1 2001:0:7f00:1:0:ffff:80ff:fffe 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2001:1ff::1 2002:7f00:1::
    2002:a9fe:a9fe::1 2002:a00:1::1 2002:808:808::1 2620:4f:8000::1 3ffe::1 3fff::1 3fff:fff::1
    2600:1f18::5efe:127.0.0.1 2600:1f18::200:5efe:a00:1 4000::1 5f00::1 8000::1 f000::1 fc00::1 fd00::8
    fd00:ec2::254 fd12:3456:789a::1 fdff::1 fe80::1 fe80::a9fe:a9fe febf::1 fec0::1 feff::1 ff00::1 ff02::1 ff02::fb
    ff05::2 ff0e::1
""")

OTHER_SPELLINGS = (
    *words("""
    127.1 127.0.1 127.000.000.001 0127.0.0.1 0177.0.0.1 0177.1 017700000001 00177.0.0.1 127.0.0.0x1 0x7f.0.0.1
    0x7f.1 0x7f000001 0X7F000001 0x7f.0x0.0x0.0x1 2130706433 02130706433 4294967297 18446744071545007105 0 00 0x0 0x
    1.0x7f 0.0 127.0.0.1. 127.0.0.1.. .127.0.0.1 127..0.1 127.0.0 256.0.0.1 127.0.0.256 127.0.0.1.1 -127.0.0.1
    127.0.0.+1 127.0.0.1%00 127.0.0.1%20 127%2e0%2e0%2e1 %31%32%37.0.0.1 127\u30020\u30020\u30021
    \uff11\uff12\uff17.0.0.1 \u2460\u2461\u2466.\u24ea.\u24ea.\u2460 127.0.0.1\u034f [127.0.0.1] [::1%lo] [::1%25lo]
    [fe80::1%eth0] [fe80::1%251] [::1 ::1] ::1 [::1]] [[::1]] [] [::1].test [::ffff:127.0.0.1 [v1.127]
    [0:0:0:0:0:0:0:0:1] [::127.1] [::ffff:0177.0.0.1] [::ffff:0x7f000001] localhost LOCALHOST localhost. LocalHost.
    \u24dbocalhost loca%6chost localhost%00.voice.test host.docker.internal. metadata redis kubernetes ip6-localhost
    a..b .voice.test voice.test. -voice.test voice-.test voice.-test voice,test voice;test voice!test voice*test
    *.test voice.test' \"voice.test\" <voice.test> voice.test|x vo\xedce.test voice\u3002test voice\uff0etest
    voicE\u212a.test \u017f.test \xdf.test xn--voice.t\xe9st a\xadb.test \u202etset.eciov voice\u200b.test
    voice.te\x00st voice.test\x7f
    """),
    "voice .test",
    "voice.test ",
    " voice.test",
    "voice\t.test",
    "voice.test\n",
    "127.0.0.1\r\nHost: x",
    f"{'a' * 64}.test",
    ".".join(["a" * 63] * 5),
    "a" * 300,
    "1." * 200 + "1",
)

TRICKS = (
    "http://voice.test@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@voice.test/",
    "http://user:password@127.0.0.1:{port}/",
    "http://user:password@voice.test:{port}/",
    "http://@127.0.0.1:{port}/",
    "http://:@127.0.0.1:{port}/",
    "http://a@b@127.0.0.1:{port}/",
    "http://voice.test%40127.0.0.1:{port}/",
    "http://voice.test%2f@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@voice.test/",
    "http://voice.test:{port}\\@127.0.0.1:{port}/",
    "http://voice.test\\.127.0.0.1:{port}/",
    "http:\\\\127.0.0.1:{port}\\",
    "http:/\\127.0.0.1:{port}/",
    "http:\\/127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\",
    "http://voice.test:{port}/a\\b",
    "http:127.0.0.1:{port}/",
    "http:/127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:////127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "/etc/passwd",
    "",
    " ",
    "http:",
    "http://",
    "http://:{port}/",
    "http://?",
    "http://#",
    "http://#127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@voice.test/",
    "http://127.0.0.1:{port}?@voice.test/",
    "http://127.0.0.1:{port};@voice.test/",
    "http://127.0.0.1:{port}/voice.test",
    "http://127.0.0.1:/",
    "http://127.0.0.1:{port}:{port}/",
    "http://127.0.0.1: {port}/",
    "http://127.0.0.1:+{port}/",
    "http://127.0.0.1:-1/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:000000{port}/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.1:99999999999999999999/",
    "http://127.0.0.1:\uff11\uff12\uff13/",
    "http://127.0.0.1:0x50/",
    "http://voice.test:22/",
    "http://voice.test:6379/",
    "http://voice.test:25/",
    "http://voice.test:8080/",
    " http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/ ",
    "\thttp://127.0.0.1:{port}/",
    "http\n://127.0.0.1:{port}/",
    "ht\ttp://127.0.0.1:{port}/",
    "http:\t//127.0.0.1:{port}/",
    "http:/\n/127.0.0.1:{port}/",
    "http://127.0.0.1\t:{port}/",
    "http://127.0.0.1:{port}/\r\nX-Injected: 1",
    "http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "http://voice.test:{port}/\x00",
    "http://voice.test:{port}/\ud800",
    "\x00http://127.0.0.1:{port}/",
    "\ufeffhttp://127.0.0.1:{port}/",
    "\u200bhttp://127.0.0.1:{port}/",
    "\u017fhttp://127.0.0.1:{port}/",
    "http\u017f://127.0.0.1:{port}/",
    "\uff48ttp://127.0.0.1:{port}/",
    "url:http://127.0.0.1:{port}/",
    "URL:http://127.0.0.1:{port}/",
    "<http://127.0.0.1:{port}/>",
    "view-source:http://127.0.0.1:{port}/",
    "http+unix://127.0.0.1:{port}/",
    "unix:/var/run/docker.sock",
    "http://unix:/var/run/docker.sock:/info",
    "file:///etc/passwd",
    "file:/etc/passwd",
    "file://localhost/etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "FILE:///proc/self/environ",
    "netdoc:///etc/passwd",
    "jar:http://127.0.0.1:{port}!/",
    "gopher://127.0.0.1:{port}/_GET%20/%0d%0a",
    "dict://127.0.0.1:{port}/info",
    "ftp://127.0.0.1:{port}/",
    "ftps://127.0.0.1:{port}/",
    "sftp://127.0.0.1:{port}/",
    "tftp://127.0.0.1:{port}/",
    "ldap://127.0.0.1:{port}/",
    "ldaps://127.0.0.1:{port}/",
    "smb://127.0.0.1:{port}/",
    "ws://127.0.0.1:{port}/",
    "wss://127.0.0.1:{port}/",
    "rtsp://127.0.0.1:{port}/",
    "s3://bucket/key",
    "git://127.0.0.1:{port}/",
    "ssh://127.0.0.1:{port}/",
    "telnet://127.0.0.1:{port}/",
    "concat:http://127.0.0.1:{port}/",
    "pipe:0",
    "data:audio/wav;base64,AAAA",
    "javascript:alert(1)",
    "about:blank",
    "blob:http://127.0.0.1:{port}/",
    "http://voice.test:{port}/" + "a" * 8_000,
)


def urls() -> list[str]:
    """All of them, each host in a URL."""
    hosts = (*ADDRESSES_V4, *(f"[{address}]" for address in ADDRESSES_V6), *OTHER_SPELLINGS)
    return [*(f"http://{host}:{PORT}/latest/meta-data/" for host in hosts), *TRICKS]
