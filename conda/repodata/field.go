package repodata

// field is a key of a record that is read.
type field uint8

const (
	fieldNone field = iota
	fieldArch
	fieldBuild
	fieldBuildNumber
	fieldConstrains
	fieldDepends
	fieldExtras
	fieldFeatures
	fieldFlags
	fieldIndexed
	fieldLegacyMD5
	fieldLegacySize
	fieldLicense
	fieldLicenseFamily
	fieldMD5
	fieldName
	fieldNoarch
	fieldPlatform
	fieldSHA256
	fieldSitePackages
	fieldSize
	fieldSubdir
	fieldTimestamp
	fieldTrackFeatures
	fieldVersion
)

func fieldOf(key []byte) field {
	switch string(key) {
	case "arch":
		return fieldArch
	case "build":
		return fieldBuild
	case "build_number":
		return fieldBuildNumber
	case "constrains":
		return fieldConstrains
	case "depends":
		return fieldDepends
	case "extra_depends":
		return fieldExtras
	case "features":
		return fieldFeatures
	case "flags":
		return fieldFlags
	case "indexed_timestamp":
		return fieldIndexed
	case "legacy_bz2_md5":
		return fieldLegacyMD5
	case "legacy_bz2_size":
		return fieldLegacySize
	case "license":
		return fieldLicense
	case "license_family":
		return fieldLicenseFamily
	case "md5":
		return fieldMD5
	case "name":
		return fieldName
	case "noarch":
		return fieldNoarch
	case "platform":
		return fieldPlatform
	case "python_site_packages_path":
		return fieldSitePackages
	case "sha256":
		return fieldSHA256
	case "size":
		return fieldSize
	case "subdir":
		return fieldSubdir
	case "timestamp":
		return fieldTimestamp
	case "track_features":
		return fieldTrackFeatures
	case "version":
		return fieldVersion
	}
	return fieldNone
}

// text returns where a field of plain text goes, or nil.
func (r *Record) text(f field) *string {
	switch f {
	case fieldArch:
		return &r.Arch
	case fieldBuild:
		return &r.Build
	case fieldFeatures:
		return &r.Features
	case fieldLicense:
		return &r.License
	case fieldLicenseFamily:
		return &r.LicenseFamily
	case fieldName:
		return &r.Name
	case fieldPlatform:
		return &r.Platform
	case fieldSitePackages:
		return &r.SitePackages
	case fieldSubdir:
		return &r.Subdir
	case fieldVersion:
		return &r.Version
	}
	return nil
}

// read reads the value of the field.
func (d *decoder) read(r *Record) {
	if p := r.text(d.what); p != nil {
		*p = d.string()
		return
	}
	switch d.what {
	case fieldMD5:
		r.MD5 = d.digest(16)
	case fieldSHA256:
		r.SHA256 = d.digest(32)
	case fieldLegacyMD5:
		r.LegacyBz2MD5 = d.digest(16)
	case fieldBuildNumber:
		r.BuildNumber = d.number64()
	case fieldSize:
		r.Size = int64(min(d.number64(), 1<<63-1))
	case fieldLegacySize:
		r.LegacyBz2Size = int64(min(d.number64(), 1<<63-1))
	case fieldTimestamp:
		r.Timestamp = d.time()
	case fieldIndexed:
		r.IndexedTimestamp = d.time()
	case fieldDepends:
		r.Depends = d.strings()
	case fieldConstrains:
		r.Constrains = d.strings()
	case fieldFlags:
		r.Flags = d.strings()
	case fieldExtras:
		r.Extras = d.extras()
	case fieldTrackFeatures:
		r.TrackFeatures = d.features()
	case fieldNoarch:
		r.Noarch = d.noarch()
	default:
		d.skip()
	}
}
