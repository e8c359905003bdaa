# SPDX-License-Identifier: Apache-2.0

# A list of what the programs are linked from, in SPDX 2.3's JSON. Sourced by deploy/package.
# shellcheck shell=bash disable=SC2154

# The archives that the programs are linked from: those that third_party names, the C++ library and
# the C library of the static programs. The linker takes nothing of c-ares and RE2, which other
# programs of gRPC need (third_party/grpc/parts.cc).
linked_archives() {
  local folder=/usr/lib/x86_64-linux-gnu name
  for name in $(grep -o -- '-l:lib[^"]*\.a' third_party/BUILD.bazel | sed 's/^-l://' | grep -v -e gtest -e gmock -e libX.a -e libcares.a -e libre2.a | sort -u) libabsl_base.a libc.a; do
    echo "$folder/$name"
  done
  "${compiler[@]}" -print-file-name=libstdc++.a
  "${compiler[@]}" -print-libgcc-file-name
}

# "SOURCE VERSION" of each source package, once. The libraries for arm64 are not installed: their
# versions are those of the list, without the number of a rebuild.
linked_sources() {
  local archive name list='' compiler=(gcc) old=third_party/glibc/packages
  if [[ $architecture == arm64 ]]; then
    list=third_party/arm64/packages compiler=(aarch64-linux-gnu-gcc-12) old=third_party/glibc/packages.arm64
  fi
  linked_archives | while read -r archive; do
    # vmxsim has it, which is not for arm64.
    [[ -z $list || $archive != */libcapstone.a ]] || continue
    name=$(dpkg-query -S "$(realpath "$archive")" | sed 's/: .*//; s/:.*//; q')
    if [[ -n $list ]] && grep -q "^$name " "$list"; then
      echo "$(dpkg-query -W -f '${source:Package}' "$name") $(awk -v name="$name" '$1 == name { sub(/\+b[0-9]+$/, "", $2); print $2 }' "$list")"
    else
      dpkg-query -W -f '${source:Package} ${source:Version}\n' "$name"
    fi
  done
  # The unwinder of the programs for older systems; their start files, and the few functions that a
  # C library which is another file has inside of programs.
  awk '$1 == "libgcc-10-dev" { print "gcc-10", $2 } $1 == "libc6-dev" { print "glibc", $2 }' "$old"
}

# There are two of the C library.
sbom_id() { echo "SPDXRef-$1-${2//[!0-9A-Za-z.]/-}"; }  # NAME VERSION

sbom_package() {  # NAME VERSION LICENCE SUPPLIER
  printf '    {"SPDXID": "%s", "name": "%s", "versionInfo": "%s", "supplier": "%s", "downloadLocation": "NOASSERTION",\n' "$(sbom_id "$1" "$2")" "$1" "$2" "$4"
  printf '     "filesAnalyzed": false, "licenseConcluded": "%s", "licenseDeclared": "%s", "copyrightText": "NOASSERTION"' "$3" "$3"
  [[ $4 != *Debian* ]] || printf ',\n     "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/%s@%s?arch=source"}]' "$1" "${2//:/%3A}"
  printf '}'
}

make_sbom() {
  local suffix='' output name number licence
  [[ $architecture == amd64 ]] || suffix=-$architecture
  output=$out/toolboxd-$version$suffix.spdx.json
  linked_sources | sort -u >"$work/sources"
  {
    printf '{\n  "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",\n'
    printf '  "name": "toolboxd-%s", "documentNamespace": "https://localhost/toolboxd/%s/%s",\n' "$version" "$version" "$(sha256sum <"$work/sources" | cut -c1-16)"
    printf '  "creationInfo": {"created": "%s", "creators": ["Tool: deploy/package-%s"]},\n' "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" "$version"
    printf '  "packages": [\n'
    sbom_package toolboxd "$version" Apache-2.0 "Organization: toolboxd"
    while read -r name number; do
      licence=$(sed -n "s/^$name //p" deploy/packaging/licences)
      [[ -n $licence ]] || { echo "deploy/package: deploy/packaging/licences does not have $name" >&2; return 1; }
      printf ',\n'
      sbom_package "$name" "$number" "$licence" "Organization: Debian"
    done <"$work/sources"
    printf '\n  ],\n  "relationships": [\n    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "%s"}' "$(sbom_id toolboxd "$version")"
    while read -r name number; do
      printf ',\n    {"spdxElementId": "%s", "relationshipType": "STATIC_LINK", "relatedSpdxElement": "%s"}' \
        "$(sbom_id toolboxd "$version")" "$(sbom_id "$name" "$number")"
    done <"$work/sources"
    printf '\n  ]\n}\n'
  } >"$output"
  made+=("$output")
}
