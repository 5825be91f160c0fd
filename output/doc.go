// Package output writes one index to where the user wants it: a registry, an
// OCI layout, an archive, a Docker daemon, or a directory of files.
//
// # Transports
//
// Destinations are spelled as in containers-transports(5):
//
//	docker://REF               a registry: that tag, or without a tag all of Image.Tags
//	oci:DIR[:TAG]              an OCI layout: replaces the same tag, keeps the rest
//	oci-archive:FILE[:TAG]     a tar of an OCI layout that holds this index alone
//	docker-archive:FILE[:REF]  a tar for docker load and for ctr images import
//	docker-daemon:REF          a Docker daemon, its own platform: that tag, or all of Image.Tags
//	rootfs:DIR                 the files; DIR/OS-ARCH where there are several platforms
//
// An OCI layout without a TAG takes the first of Image.Tags, so that readers
// which want a layout of one image find one.
//
// # What exit 0 means
//
// When [Write] returns no error, the name resolves to the index and every
// manifest, config and layer below it is there with its right size. For a
// registry this is checked after publishing and before any tag is written,
// whatever the registry said about the uploads: first blobs, then manifests by
// digest, then indexes by digest, then the check, then tags. What the check
// finds missing is uploaded again. All parts are asked for before anything is
// sent; where none is missing, that was the check. Digests in answers of a
// server are never used.
//
// # Bytes on demand
//
// A layer's Digest, Size and DiffID are cheap, Compressed may make or fetch
// the bytes. Compressed is called only for a layer that the destination lacks
// (an archive lacks all). What it yields is hashed on the way out and the last
// bytes are held back until the digest is right, so wrong bytes never complete
// a blob. Only rootfs: decompresses layers.
//
// # A daemon
//
// A Docker daemon gets the archive that docker load sends, of the one platform
// that the daemon itself has. Layers that an image of it has already are left
// out, from the lowest on: its classic store does not look for them (moby,
// image/tarexport/load.go). If it complains after all, the whole archive is sent
// once more. Every name is asked for afterwards.
//
// # A root file system
//
// What is unpacked, and what is refused, is in package rootfs. The directory
// must be absent or empty; it appears when all is in it, by a rename.
//
// # Network
//
// Requests that meet a 408, 425, 429, 500, 502, 503 or 504, a broken connection
// or a stall are repeated with exponential backoff. Retry-After (RFC 9110
// section 10.2.3) is obeyed in both forms by every request to that host; a wait
// longer than Options.MaxWait ends the push at once. Plain http is spoken to
// loopback names and hosts that Options.Insecure names only. Credentials go to
// the registry itself, never to a host it redirects to. There are no cookies.
//
// # Files
//
// Files and blobs are written to a temporary name, synced, and renamed. A
// layout is guarded by a lock file, so several processes may write one. What a
// killed process left behind is removed by the next write.
package output
